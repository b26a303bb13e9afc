#include "seq2seq/run/finished.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/text.h"
#include "seq2seq/train/schedule/schedule.h"

namespace seq2seq::run {

namespace {

/// Warns if the learning rate would rise again in an extended run: some schedules are spread over all updates.
void warn_of_rising_rate(const train::TrainerState& state, const train::TrainOptions& options, const RunFolder& folder,
                         const Environment& environment) {
  const auto schedule = environment.registries->schedules.make(options.schedule);
  if (schedule->needs_validation() || state.update == 0) return;
  const auto made = static_cast<double>(state.update);
  const train::Point last{.update = state.update - 1, .epoch = static_cast<double>(state.epoch), .total_updates = made};
  auto next = last;
  ++next.update;
  next.total_updates = 2 * made;
  const double before = schedule->factor(last), after = schedule->factor(next);
  if (after <= before) return;
  environment.log->say(fmt::format(
      "the learning rate would rise again, from {:.3g} to {:.3g} of its maximum, because `train.schedule` is spread "
      "over the whole training. To choose another rate, start a new run with `--init-from {}`",
      before, after, folder.root().string()));
}

}  // namespace

bool finished(const train::TrainerState& state, const train::TrainOptions& options,
              const std::vector<config::Change>& changes) {
  const bool extended = std::any_of(changes.begin(), changes.end(), [](const auto& change) {
    return change.key == "train.updates" || change.key == "train.epochs";
  });
  const int64_t patience = options.validate.patience;
  if (state.finished_because == "patience") {
    if (patience > 0 && state.bad_validations >= patience) return true;
  }
  if (options.updates) return state.update >= *options.updates;
  // A checkpoint at the end of 2.5 epochs records only that it is in the third one. It was an end, but maybe of a
  // shorter run that was extended later.
  const double at_most = static_cast<double>(state.epoch + (state.batch > 0 ? 1 : 0));
  if (state.finished && !extended && at_most >= *options.epochs) return true;
  return static_cast<double>(state.epoch) >= *options.epochs;
}

train::Outcome say_finished(const train::TrainerState& state, const train::TrainOptions& options,
                            const RunFolder& folder, const Environment& environment) {
  auto& log = *environment.log;
  const auto root = shell_word(folder.root().string());
  log.say(fmt::format("{}: finished at update {}, by {}", folder.root().string(), format_count(state.update),
                      !state.finished_because.empty() ? state.finished_because
                      : options.updates               ? "updates"
                                                      : "epochs"));
  if (state.finished_because == "patience") {
    log.say(fmt::format("to train further: `seq2seq train --resume {} --set train.validate.patience={}`, or 0 for none",
                        root, 2 * options.validate.patience));
  } else if (options.updates) {
    log.say(fmt::format("to extend it: `seq2seq train --resume {} --set train.updates={}`", root, 2 * state.update));
  } else {
    log.say(
        fmt::format("to extend it: `seq2seq train --resume {} --set train.epochs={:g}`", root, 2 * *options.epochs));
  }
  if (state.finished_because != "patience") warn_of_rising_rate(state, options, folder, environment);
  return {.ending = train::Ending::finished,
          .update = state.update,
          .epoch = static_cast<double>(state.epoch),
          .seconds = 0,
          .best_update = state.best_update,
          .best_score = state.best_score,
          .skipped = state.skipped};
}

}  // namespace seq2seq::run
