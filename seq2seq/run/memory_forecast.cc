#include "seq2seq/run/memory_forecast.h"

#include <algorithm>
#include <fstream>
#include <unistd.h>

#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "seq2seq/core/progress.h"
#include "seq2seq/data/bucket.h"
#include "seq2seq/parallel/plan/outline.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/place_table.h"

namespace seq2seq::run {

namespace {

/// Bytes that are kept for each row of a side.
struct RowBytes {
  double source = 0, target = 0;
  double of(const data::BatchCounts& batch) const {
    return source * static_cast<double>(batch.source_tokens) + target * static_cast<double>(batch.target_tokens);
  }
};

std::optional<RowBytes> kept_by(const nn::Model& model) {
  if (model.staged() == nullptr || model.output().copies()) return std::nullopt;
  RowBytes bytes;
  for (const auto& each : parallel::outline_of(model).stages)
    (each.stage.side == nn::Side::source ? bytes.source : bytes.target) +=
        static_cast<double>(each.stage.kept) * sizeof(float);
  return bytes;
}

/// The batch that keeps the most.
data::BatchCounts largest_batch(const data::EpochPlan& plan, const data::Corpus& corpus, bool lm,
                                const RowBytes& bytes) {
  data::BatchCounts largest;
  for (int64_t number = 0; number < plan.batches(); ++number) {
    data::BatchCounts batch{.sentences = std::ssize(plan[number])};
    for (const int64_t pair : plan[number]) {
      batch.source_tokens += lm ? 0 : corpus.source.length(pair) + 1;
      batch.target_tokens += corpus.target.length(pair) + 1;
    }
    if (bytes.of(batch) > bytes.of(largest)) largest = batch;
  }
  return largest;
}

/// Bytes of memory that this process has now.
double resident_bytes() {
  std::ifstream statistics("/proc/self/statm");
  double all = 0, resident = 0;
  statistics >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::string batch_text(const data::BatchCounts& batch) {
  return fmt::format("{} of {} and {} tokens", format_count(batch.sentences, "sentence"),
                     format_count(batch.source_tokens), format_count(batch.target_tokens));
}

}  // namespace

double MemoryForecast::total() const { return program + parameters + gradients + optimizer + activations.value_or(0); }

std::optional<MemoryForecast> forecast_memory(const RunOptions& options, const TrainingData& data,
                                              const Environment& environment) {
  if (!training_device(options.placement, environment).is_cpu() || environment.group != nullptr) return std::nullopt;
  const auto& registries = *environment.registries;
  const auto model = outline(options.model, registries, *data.text);
  double numbers = 0;
  for (const auto& [part, count] : model->part_sizes()) numbers += static_cast<double>(count);
  const auto bytes = kept_by(*model);
  const auto plan = data::plan_epoch(data.train, options.train.batch, options.seed, 0);
  const bool lm = options.data.task == data::Task::lm;
  MemoryForecast forecast{.parameters = numbers * sizeof(float),
                          .gradients = numbers * sizeof(float),
                          .optimizer = numbers * optimizer_state_bytes(options.train, registries),
                          .activations = {},
                          .program = resident_bytes(),
                          .largest = largest_batch(plan, data.train, lm, bytes.value_or(RowBytes{1, 1})),
                          .batches = plan.batches()};
  if (bytes) forecast.activations = bytes->of(forecast.largest);
  return forecast;
}

double optimizer_state_bytes(const train::TrainOptions& options, const Registries& registries) {
  constexpr int64_t numbers = 4096;
  const train::NamedParameters sample{{"sample", at::zeros({numbers})}};
  const auto state = registries.optimizers.make(options.optimizer, sample)->state();
  double bytes = 0;
  for (const auto& [name, tensor] : state.tensors) bytes += static_cast<double>(tensor.nbytes());
  const double of_average = options.average.decay ? sizeof(float) : 0;
  return bytes / numbers + of_average;
}

std::string available_text(int64_t bytes) {
  return fmt::format("{} more are available", bytes_text(static_cast<double>(bytes)));
}

std::vector<std::string> forecast_lines(const MemoryForecast& forecast, std::optional<int64_t> available) {
  const auto item = [](const char* name, double bytes, const std::string& note = {}) {
    return fmt::format("{:<12} {:>10}{}", name, bytes_text(bytes), note.empty() ? "" : "  " + note);
  };
  std::vector<std::string> lines{item("program", forecast.program, "with the text, so far"),
                                 item("parameters", forecast.parameters), item("gradients", forecast.gradients),
                                 item("optimizer", forecast.optimizer)};
  if (forecast.activations)
    lines.push_back(item("activations", *forecast.activations,
                         fmt::format("of the largest batch: {}", batch_text(forecast.largest))));
  else
    lines.push_back(
        fmt::format("{:<12} {:>10}  the largest batch is {}", "activations", "unknown", batch_text(forecast.largest)));
  lines.push_back(item("in all", forecast.total(), available ? available_text(*available) : ""));
  return lines;
}

std::string too_much_memory(const MemoryForecast& forecast, std::optional<int64_t> available) {
  // What the program has taken already is not available any more.
  const double needed = forecast.total() - forecast.program;
  if (!available || needed <= static_cast<double>(*available)) return {};
  const double fixed = forecast.parameters + forecast.gradients + forecast.optimizer;
  const auto remedy = fixed > static_cast<double>(*available)
                          ? "a smaller model or vocabulary, or another optimizer, takes less"
                          : "smaller batches (`train.batch`, with `train.accumulate`) take less";
  return fmt::format("training needs about {} more at its largest batch ({}), and {} are available; {}",
                     bytes_text(needed), batch_text(forecast.largest), bytes_text(static_cast<double>(*available)),
                     remedy);
}

}  // namespace seq2seq::run
