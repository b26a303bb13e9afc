#include "seq2seq/run/announce.h"

#include <cmath>
#include <string>

#include <fmt/format.h>

#include "seq2seq/core/available_memory.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/bucket.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/place_table.h"

namespace seq2seq::run {

namespace {

std::string left_out(const data::Corpus& corpus) {
  const auto text = corpus.left_out.text();
  return text.empty() ? text : fmt::format(" (left out: {})", text);
}

std::string side(const char* name, double unknown, const data::TokenStore* validation, const data::TextPipeline& text,
                 text::Side of) {
  const auto& vocabulary = of == text::Side::source ? text.source_vocabulary() : text.target_vocabulary();
  std::string said =
      fmt::format("{}{}{} ({:.2f} % of the training tokens unknown", name,
                  format_count(vocabulary.size() - text::special_count), *name == '\0' ? "" : " words", 100 * unknown);
  if (validation != nullptr)
    said += fmt::format(", {:.2f} % of validation", 100 * unknown_share(*validation, text, of));
  return said + ")";
}

void announce_data(Log& log, const TrainingData& data) {
  const bool lm = data.text->options().task == data::Task::lm;
  const char* pairs = lm ? "sentences" : "pairs";
  log.say(fmt::format("data      training {} {}{}", format_count(data.train.pairs()), pairs, left_out(data.train)));
  const auto* validation = data.validation ? &data.validation->corpus : nullptr;
  log.say(validation == nullptr ? "          no validation set"
                                : fmt::format("          validation {} {}{}", format_count(validation->pairs()), pairs,
                                              left_out(*validation)));
  const auto target = side(lm ? "" : "target ", data.target_unknown,
                           validation == nullptr ? nullptr : &validation->target, *data.text, text::Side::target);
  if (lm) return log.say("words     " + target);
  log.say("words     " + side("source ", data.source_unknown, validation == nullptr ? nullptr : &validation->source,
                              *data.text, text::Side::source));
  for (int64_t factor = 1; const auto& values : data.text->source().factors())
    log.say(fmt::format("          factor {} of the source has {}", factor++,
                        format_count(values.size() - text::special_count, "value")));
  log.say("          " + target);
}

/// Returns the bytes in training per number of a parameter, including its gradient and the optimizer's state.
double training_bytes(const train::TrainOptions& options, const Registries& registries) {
  return 4 + 4 + optimizer_state_bytes(options, registries);
}

void announce_model(Log& log, const train::TrainOptions& options, const Registries& registries, const nn::Model& model,
                    const std::optional<MemoryForecast>& forecast) {
  int64_t in_all = 0;
  const char* head = "model     ";
  for (const auto& [part, count] : model.part_sizes()) {
    log.say(fmt::format("{}{:<24} {:>13}", head, part, format_count(count)));
    head = "          ";
    in_all += count;
  }
  log.say(fmt::format("          {:<24} {:>13} parameters", "total", format_count(in_all)));
  const double bytes = forecast ? forecast->parameters + forecast->gradients + forecast->optimizer
                                : static_cast<double>(in_all) * training_bytes(options, registries);
  log.say(fmt::format("memory    {} for parameters, gradients and optimizer", bytes_text(bytes)));
  if (!forecast) return;
  const auto available = available_memory();
  if (forecast->activations)
    log.say(fmt::format("          {} in total at the largest batch{}", bytes_text(forecast->total()),
                        available ? "; " + available_text(*available) : ""));
}

std::string batches_text(const train::TrainOptions& options, data::Task task) {
  const auto& batch = options.batch;
  const auto* pair = task == data::Task::lm ? "sentence" : "pair";
  const auto size = batch.sentences > 0 ? format_count(batch.sentences, pair) : format_count(batch.tokens, "token");
  return options.accumulate > 1 ? fmt::format("{} x {}", options.accumulate, size) : size;
}

/// `batches`: of one epoch.
void announce_length(Log& log, const RunOptions& options, int64_t batches) {
  const double in_epoch = std::ceil(static_cast<double>(batches) / static_cast<double>(options.train.accumulate));
  const double updates = options.train.updates ? static_cast<double>(*options.train.updates)
                                               : std::ceil(options.train.epochs.value_or(0) * in_epoch);
  log.say(fmt::format("training  {} of {}, {:.4g} epoch{} of {}", format_count(static_cast<int64_t>(updates), "update"),
                      batches_text(options.train, options.data.task), updates / in_epoch,
                      updates == in_epoch ? "" : "s", format_count(static_cast<int64_t>(in_epoch), "update")));
  if (options.train.minutes)
    log.say(fmt::format("          at most {} in one session", format_duration(*options.train.minutes * 60)));
}

}  // namespace

void warn_of_memory(Log& log, const std::optional<MemoryForecast>& forecast) {
  if (!forecast) return;
  const auto warning = too_much_memory(*forecast, available_memory());
  if (!warning.empty()) log.warn(warning);
}

void announce(Log& log, const RunOptions& options, const Registries& registries, const TrainingData& data,
              const nn::Model& model, const Machine& machine, const std::optional<MemoryForecast>& forecast) {
  announce_data(log, data);
  announce_model(log, options.train, registries, model, forecast);
  announce_length(
      log, options,
      forecast ? forecast->batches : data::plan_epoch(data.train, options.train.batch, options.seed, 0).batches());
  log.say(fmt::format("machine   {}, {} thread{}, kernels for {}; LibTorch {} with {} for {}", machine.device,
                      machine.threads, machine.threads == 1 ? "" : "s", machine.kernels, machine.torch,
                      machine.product_library, machine.instruction_set));
}

void announce_places(Log& log, const RunOptions& options, const Registries& registries, const data::TextPipeline& text,
                     const nn::Placement& placement) {
  if (log.quiet() || (placement.parts.empty() && placement.output.empty())) return;
  const auto model = outline(options.model, registries, text);
  const auto table = place_table(*model, placement);
  if (table.size() < 2) return;
  const char* head = "places    ";
  for (const auto& line : place_lines(table, training_bytes(options.train, registries))) {
    log.say(head + line);
    head = "          ";
  }
}

}  // namespace seq2seq::run
