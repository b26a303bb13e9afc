#include "seq2seq/train/session.h"

#include <bit>
#include <cmath>
#include <string>
#include <utility>

#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"
#include "seq2seq/train/agreement.h"
#include "seq2seq/train/freeze.h"

namespace seq2seq::train {
namespace {

void check(const TrainOptions& options, const Setup& setup, const Schedule& schedule) {
  if (setup.validate) return;
  const std::string remedy = "Set `data.validation`";
  if (options.validate.patience > 0) throw Error("`train.validate.patience` needs a validation set", remedy);
  if (schedule.needs_validation())
    throw Error(fmt::format("`train.schedule.kind: {}` needs a validation set", options.schedule.kind), remedy);
}

}  // namespace

Session::Session(const TrainOptions& options, const Setup& setup, const RunFolder& folder,
                 std::optional<int64_t> resume_from)
    : options_(options),
      setup_(setup),
      folder_(folder),
      team_(setup.team != nullptr ? *setup.team : alone_),
      started_(setup.progress.now()),
      parameters_(trainable_parameters(*setup.model, options.freeze)),
      updater_(options, setup, parameters_),
      schedule_(setup.schedules->make(options.schedule)),
      metrics_(*setup.files, folder.metrics(), options.tensorboard ? folder.tensorboard() : fs::path()),
      saved_at_(started_) {
  check(options_, setup_, *schedule_);
  if (options_.average.decay) average_.emplace(*options_.average.decay, parameters_);
  if (resume_from) resume(*resume_from);
  order_ = std::make_unique<DataOrder>(*setup.corpus, *setup.text, options_.batch, options_.accumulate, setup.seed,
                                       data::DataPosition{.epoch = state_.epoch, .batch = state_.batch},
                                       data::Deal{.rank = team_.rank(), .ranks = team_.ranks()});
  total_updates_ = options_.updates ? static_cast<double>(*options_.updates) : order_->updates_in(*options_.epochs);
}

/// Loads the weights first, then the optimizer, so that all tensors of a checkpoint are never in memory together.
void Session::resume(int64_t update) {
  const auto& files = *setup_.files;
  {
    auto checkpoint = load_weights_only(files, folder_, update);
    nn::load_weights(*setup_.model, checkpoint.weights, folder_.checkpoint(update) / "weights.safetensors");
    state_ = std::move(checkpoint.state);
  }
  const auto file = folder_.checkpoint(update) / "optimizer.safetensors";
  auto optimizer = load_optimizer(files, folder_, update);
  if (average_) average_->restore(optimizer, file);
  updater_.optimizer().restore(optimizer, file);
  schedule_->restore(state_.schedule, folder_.checkpoint(update) / "state.json");
  earlier_seconds_ = state_.seconds;
  first_update_ = state_.update;
  saved_ = update;
}

Outcome Session::run() {
  if (const auto ending = already_ended()) return outcome(*ending);
  if (team_.leads()) {
    saved_ ? metrics_.resume(state_.metrics_bytes, state_.update, *setup_.log) : metrics_.begin();
  }
  state_.finished = false;
  state_.finished_because.clear();
  progress_ = std::make_unique<Progress>(*setup_.log, "training", "updates", total_updates_, setup_.progress,
                                         static_cast<double>(first_update_));
  check_same_parameters(team_, *setup_.model, state_.update);
  std::optional<Ending> ending;
  while (!ending) {
    ending = stopped();
    if (ending) {
      if (saved_ != state_.update) save();
      break;
    }
    update();
    const bool end = reached_end();
    if (end || state_.update % options_.report_every_updates == 0) report();
    const bool validated = setup_.validate && (end || validation_due());
    if (validated) validate();
    if (validated && out_of_patience()) ending = Ending::patience;
    if (end) ending = Ending::finished;
    state_.finished = ending.has_value();
    if (ending)
      state_.finished_because = ending == Ending::patience ? "patience" : options_.updates ? "updates" : "epochs";
    if (ending || validated || checkpoint_due()) save();
  }
  progress_->finish();
  return outcome(*ending);
}

/// A run that ended by patience continues only with more patience; a run that ended regularly, only if it is made
/// longer.
std::optional<Ending> Session::already_ended() const {
  if (saved_ && out_of_patience()) return Ending::patience;
  return saved_ && reached_end() ? std::optional(Ending::finished) : std::nullopt;
}

/// A signal may reach any rank; only the leading rank's time counts.
std::optional<Ending> Session::stopped() {
  const bool signal = interrupted();
  std::vector<double> seen{signal ? 1.0 : 0.0, team_.leads() && out_of_time() ? 1.0 : 0.0};
  team_.sum(seen);
  if (seen[1] > 0) return Ending::time_limit;
  return seen[0] > 0 ? std::optional(Ending::interrupted) : std::nullopt;
}

void Session::update() {
  const auto before = setup_.progress.now();
  const double epoch = order_->epochs_made();
  const auto place =
      fmt::format("update {} (batch {} of epoch {})", state_.update + 1, order_->batch() + 1, order_->epoch() + 1);
  const double factor = schedule_->factor({.update = state_.update, .epoch = epoch, .total_updates = total_updates_});
  auto issued = updater_.issue(order_->take(), {.seed = setup_.seed, .update = state_.update}, factor);
  const bool late = issued.is_asynchronous();
  if (late) {
    if (average_) average_->add(state_.update, issued.skipped);
    const double seconds = seconds_since(before);
    settle();
    open_.emplace(Open{.issued = std::move(issued), .place = place, .seconds = seconds});
  } else {
    report_fault(issued.result, place);
    if (issued.result.made && average_) average_->add(state_.update);
  }
  ++state_.update;
  state_.epoch = order_->epoch();
  state_.batch = order_->batch();
  team_.reached(state_.update);
  if (!late) state_.window.add(issued.result, seconds_since(before));
  show(state_.window);
}

/// Reads the result of the last update.
void Session::settle() {
  if (!open_) return;
  const auto before = setup_.progress.now();
  auto open = std::move(*open_);
  open_.reset();
  const auto result = updater_.finish(std::move(open.issued));
  report_fault(result, open.place);
  state_.window.add(result, open.seconds + seconds_since(before));
}

/// If something was not finite, ends the training, or counts the update as skipped.
void Session::report_fault(const UpdateResult& result, const std::string& place) {
  if (result.made) return;
  const auto fault = fmt::format("{}: {}", place, result.fault);
  if (options_.not_finite == NotFinite::stop)
    throw Error(
        fault, "Lower `train.optimizer.learning_rate`, or set `train.not_finite: skip` to skip and count such updates");
  ++state_.skipped;
  // Warns for the 1st, 2nd, 4th, 8th, ...: a diverged run would otherwise fill the log.
  if (!team_.leads() || !std::has_single_bit(static_cast<uint64_t>(state_.skipped))) return;
  progress_->pause();
  setup_.log->warn(fmt::format("{}; skipping this update ({} skipped so far)", fault, format_count(state_.skipped)));
}

Figures Session::measure() {
  const at::NoGradGuard no_gradient;
  const Averaged averaged(average_ ? &*average_ : nullptr);
  return setup_.validate(*setup_.model);
}

void Session::validate() {
  settle();
  progress_->pause();
  check_same_parameters(team_, *setup_.model, state_.update);
  const auto figures = measure();
  const auto& metric = options_.validate.best_by;
  const auto found = figures.find(metric);
  if (found == figures.end()) throw Error(fmt::format("`train.validate.best_by: {}` was not measured", metric));
  const bool best = improves(found->second, state_.best_score, setup_.higher_is_better);
  if (best) {
    state_.best_update = state_.update;
    state_.best_score = found->second;
  }
  state_.bad_validations = best ? 0 : state_.bad_validations + 1;
  schedule_->validated(best);
  if (!team_.leads()) return;
  metrics_.validation(stamp(), figures, best);
  std::string text;
  for (const auto& [name, figure] : figures) text += fmt::format("{} {} {:.4g}", text.empty() ? "" : ",", name, figure);
  setup_.log->say(fmt::format("update {}, epoch {:.4g}:{}{}", format_count(state_.update), order_->epochs_made(), text,
                              best ? ", the best so far" : ""));
}

void Session::report() {
  settle();
  if (team_.leads() && state_.window.updates > 0)
    metrics_.train(stamp(), state_.window, perplexity_name(), state_.skipped);
  state_.window = {};
}

void Session::save() {
  settle();
  saved_ = state_.update;
  if (!team_.leads()) return;
  state_.schedule = schedule_->state();
  state_.seconds = stamp().seconds;
  state_.metrics_bytes = metrics_.bytes();
  Checkpoint checkpoint{.weights = average_ ? average_->weights(*setup_.model) : nn::weights_in_place(*setup_.model),
                        .optimizer = updater_.optimizer().state(),
                        .state = state_};
  if (average_) average_->store(checkpoint.optimizer);
  team_.busy(true);
  save_checkpoint(*setup_.files, folder_, checkpoint, options_.checkpoint.keep);
  team_.busy(false);
  saved_at_ = setup_.progress.now();
}

Outcome Session::outcome(Ending ending) const {
  return {.ending = ending,
          .update = state_.update,
          .epoch = order_->epochs_made(),
          .seconds = stamp().seconds,
          .best_update = state_.best_update,
          .best_score = state_.best_score,
          .skipped = state_.skipped};
}

bool Session::reached_end() const {
  return options_.updates ? state_.update >= *options_.updates : order_->reached(*options_.epochs);
}

bool Session::validation_due() const {
  const int64_t every = options_.validate.every_updates;
  return every > 0 ? state_.update % every == 0 : order_->batch() == 0;
}

bool Session::checkpoint_due() const {
  const auto& due = options_.checkpoint;
  if (due.every_updates > 0 && state_.update % due.every_updates == 0) return true;
  return due.every_minutes > 0 && seconds_since(saved_at_) >= 60 * due.every_minutes;
}

bool Session::out_of_patience() const {
  return options_.validate.patience > 0 && state_.bad_validations >= options_.validate.patience;
}

/// A session makes at least one update: otherwise, if loading takes longer than the time limit, a run would never end.
bool Session::out_of_time() const {
  return options_.minutes && state_.update > first_update_ && seconds_since(started_) >= 60 * *options_.minutes;
}

/// Empty if the loss is an estimate or is not a likelihood.
std::string Session::perplexity_name() const {
  if (setup_.model->output().estimates_loss()) return {};
  return options_.label_smoothing > 0 ? "smoothed_perplexity" : "perplexity";
}

std::string Session::perplexity_text(const Window& window) const {
  if (perplexity_name().empty()) return {};
  return fmt::format("  {}perplexity {:.4g}", options_.label_smoothing > 0 ? "smoothed " : "", window.perplexity());
}

void Session::show(const Window& window) {
  std::string detail = fmt::format("epoch {:.2f}", order_->epochs_made());
  if (window.updates > 0) {
    detail += fmt::format("  loss {:.4g}{}  {} words/s  rate {:.3g}  norm {:.3g}", window.mean_loss(),
                          perplexity_text(window), format_count(std::llround(window.words_per_second())),
                          window.learning_rate, window.mean_norm());
  }
  progress_->update(static_cast<double>(state_.update), detail);
}

double Session::seconds_since(Time start) const {
  return std::chrono::duration<double>(setup_.progress.now() - start).count();
}

LogStamp Session::stamp() const {
  return {
      .update = state_.update, .epoch = order_->epochs_made(), .seconds = earlier_seconds_ + seconds_since(started_)};
}

}  // namespace seq2seq::train
