#include "seq2seq/run/memory_forecast.h"

#include <algorithm>
#include <fstream>
#include <unistd.h>

#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/data/bucket.h"
#include "seq2seq/nn/output/cpu/cross_entropy.h"
#include "seq2seq/nn/used_rows.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/place_table.h"

namespace seq2seq::run {

namespace {

/// Memory of one stage, in numbers.
struct StageNumbers {
  nn::Side side = nn::Side::target;
  double kept = 0;                       // per row, from its forward to its backward pass
  int64_t width = 0, words = 0;          // of an output layer that processes its words tile by tile
  std::vector<at::Tensor> parameters{};  // those that no later stage has

  double rows(const data::BatchCounts& batch) const {
    return static_cast<double>(side == nn::Side::source ? batch.source_tokens : batch.target_tokens);
  }
  double kept_of(const data::BatchCounts& batch) const { return kept * rows(batch); }
  /// Numbers needed in its backward pass: as many as it kept, or those that an output layer stores for its tiles.
  double workspace(const data::BatchCounts& batch) const {
    if (words == 0) return kept_of(batch);
    const auto tiles = nn::cpu::cross_entropy_workspace(static_cast<int64_t>(rows(batch)), width, words);
    return std::max(kept_of(batch), static_cast<double>(tiles));
  }
};

/// `tiles`: whether an output layer processes its words tile by tile. It then keeps the derivatives with respect to its
/// rows instead of probabilities.
StageNumbers numbers_of(const nn::Stage& stage, bool tiles) {
  StageNumbers numbers{.side = stage.side, .kept = static_cast<double>(stage.kept)};
  if (!tiles || !stage.name.starts_with("output.")) return numbers;
  numbers.words = stage.parameters.front().size(0);
  numbers.width = stage.parameters.front().size(1);
  numbers.kept = static_cast<double>(numbers.width);
  return numbers;
}

using Stages = std::vector<StageNumbers>;

/// Empty if not known for this kind of model.
Stages stages_of(const nn::Model& model, bool tiles) {
  if (model.staged() == nullptr || model.output().copies()) return {};
  Stages stages;
  const auto all = model.staged()->stages();
  std::vector<at::Tensor> seen;
  for (auto stage = all.rbegin(); stage != all.rend(); ++stage) {
    auto& numbers = stages.emplace_back(numbers_of(*stage, tiles));
    for (const auto& parameter : stage->parameters) {
      if (std::ranges::any_of(seen, [&](const auto& other) { return other.is_same(parameter); })) continue;
      numbers.parameters.push_back(parameter);
      seen.push_back(parameter);
    }
  }
  std::ranges::reverse(stages);
  return stages;
}

double kept_by(const Stages& stages, const data::BatchCounts& batch) {
  double kept = 0;
  for (const auto& stage : stages) kept += stage.kept_of(batch);
  return kept;
}

/// Makes the run's optimizer for one small parameter.
std::shared_ptr<train::Optimizer> sample_optimizer(const train::TrainOptions& options, const Registries& registries,
                                                   int64_t numbers) {
  const train::NamedParameters sample{{"sample", at::zeros({numbers})}};
  return registries.optimizers.make(options.optimizer, sample);
}

/// Numbers stored by the gradients of an update, by parameter.
class GradientNumbers {
 public:
  /// `sparse`: tables store only used rows, at most one per token.
  GradientNumbers(const nn::Model& model, bool sparse, const data::BatchCounts& batch, int64_t accumulate)
      : uses_(model.roles()), batch_(batch), accumulate_(accumulate) {
    if (sparse) tables_ = nn::tables_of(model, uses_);
  }

  double of(const at::Tensor& parameter) const {
    const bool table = std::ranges::any_of(tables_, [&](const auto& one) { return one.is_same(parameter); });
    const int64_t rows =
        table ? std::min(parameter.size(0), tokens_of(parameter)) * parameter.size(1) : parameter.numel();
    return static_cast<double>(rows);
  }
  double of(const std::vector<at::Tensor>& parameters) const {
    double numbers = 0;
    for (const auto& parameter : parameters) numbers += of(parameter);
    return numbers;
  }

 private:
  int64_t tokens_of(const at::Tensor& table) const {
    int64_t tokens = 0;
    for (const auto& use : uses_)
      if (use.parameter.is_same(table))
        tokens += use.side == nn::Side::source ? batch_.source_tokens : batch_.target_tokens;
    return accumulate_ * tokens;
  }

  std::vector<nn::ParameterUse> uses_;
  data::BatchCounts batch_;
  int64_t accumulate_;
  std::vector<at::Tensor> tables_;
};

/// Returns the maximum of gradients and activations at any time, in numbers, for one process and place. In its backward
/// pass a stage computes its gradients and frees what it kept. With accumulated batches, all but the first add to
/// existing gradients.
double most_at_once(const Stages& stages, const GradientNumbers& gradients, const data::BatchCounts& batch,
                    bool accumulates) {
  double kept = kept_by(stages, batch), made = 0, most = 0;
  for (const auto& stage : stages) made += accumulates ? gradients.of(stage.parameters) : 0;
  for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage) {
    const double own = gradients.of(stage->parameters);
    most = std::max(most, kept + made + own + stage->workspace(batch));
    kept -= stage->kept_of(batch);
    made += accumulates ? 0 : own;
  }
  return std::max(most, made);
}

/// Returns the batch that keeps the most numbers.
data::BatchCounts largest_batch(const data::EpochPlan& plan, const data::Corpus& corpus, bool lm,
                                const Stages& stages) {
  const auto size_of = [&](const data::BatchCounts& batch) {
    return stages.empty() ? static_cast<double>(batch.source_tokens + batch.target_tokens) : kept_by(stages, batch);
  };
  data::BatchCounts largest;
  for (int64_t number = 0; number < plan.batches(); ++number) {
    data::BatchCounts batch{.sentences = std::ssize(plan[number])};
    for (const int64_t pair : plan[number]) {
      batch.source_tokens += lm ? 0 : corpus.source.length(pair) + 1;
      batch.target_tokens += corpus.target.length(pair) + 1;
    }
    if (size_of(batch) > size_of(largest)) largest = batch;
  }
  return largest;
}

/// Returns the resident memory of this process in bytes.
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

double MemoryForecast::total() const { return program + parameters + optimizer + passing; }

std::optional<MemoryForecast> forecast_memory(const RunOptions& options, const TrainingData& data,
                                              const Environment& environment) {
  if (!training_device(options.placement, environment).is_cpu() || environment.group != nullptr) return std::nullopt;
  const auto& registries = *environment.registries;
  const auto model = outline(options.model, registries, *data.text);
  double numbers = 0;
  for (const auto& [part, count] : model->part_sizes()) numbers += static_cast<double>(count);
  const bool one_place = names_nothing(options.placement);
  const auto stages = stages_of(*model, one_place && best_isa() != Isa::reference);
  const auto plan = data::plan_epoch(data.train, options.train.batch, options.seed, 0);
  const bool lm = options.data.task == data::Task::lm;
  MemoryForecast forecast{.parameters = numbers * sizeof(float),
                          .gradients = 0,
                          .optimizer = numbers * optimizer_state_bytes(options.train, registries),
                          .activations = {},
                          .program = resident_bytes(),
                          .largest = largest_batch(plan, data.train, lm, stages),
                          .batches = plan.batches()};
  const bool sparse = sample_optimizer(options.train, registries, 1)->takes_sparse();
  const GradientNumbers gradients(*model, sparse, forecast.largest, options.train.accumulate);
  forecast.gradients = gradients.of(model->parameters()) * sizeof(float);
  forecast.passing = forecast.gradients;
  if (stages.empty()) return forecast;
  forecast.activations = kept_by(stages, forecast.largest) * sizeof(float);
  forecast.passing =
      one_place ? most_at_once(stages, gradients, forecast.largest, options.train.accumulate > 1) * sizeof(float)
                : forecast.gradients + *forecast.activations;
  return forecast;
}

double optimizer_state_bytes(const train::TrainOptions& options, const Registries& registries) {
  constexpr int64_t numbers = 4096;
  const auto state = sample_optimizer(options, registries, numbers)->state();
  double bytes = 0;
  for (const auto& [name, tensor] : state.tensors) bytes += static_cast<double>(tensor.nbytes());
  const double of_average = options.average.decay ? sizeof(float) : 0;
  return bytes / numbers + of_average;
}

std::string available_text(int64_t bytes) {
  return fmt::format("{} available", bytes_text(static_cast<double>(bytes)));
}

std::vector<std::string> forecast_lines(const MemoryForecast& forecast, std::optional<int64_t> available) {
  const auto item = [](const char* name, double bytes, const std::string& note = {}) {
    return fmt::format("{:<12} {:>10}{}", name, bytes_text(bytes), note.empty() ? "" : "  " + note);
  };
  std::vector<std::string> lines{
      item("program", forecast.program, "with the text, so far"), item("parameters", forecast.parameters),
      item("gradients", forecast.gradients, forecast.activations ? "mostly computed while activations are freed" : ""),
      item("optimizer", forecast.optimizer)};
  if (forecast.activations)
    lines.push_back(item("activations", *forecast.activations,
                         fmt::format("of the largest batch: {}", batch_text(forecast.largest))));
  else
    lines.push_back(
        fmt::format("{:<12} {:>10}  the largest batch is {}", "activations", "unknown", batch_text(forecast.largest)));
  lines.push_back(item("total", forecast.total(), available ? available_text(*available) : ""));
  return lines;
}

std::string too_much_memory(const MemoryForecast& forecast, std::optional<int64_t> available) {
  // Memory that the program already uses is not part of the available memory.
  const double needed = forecast.total() - forecast.program;
  if (!available || needed <= static_cast<double>(*available)) return {};
  const double fixed = forecast.parameters + forecast.gradients + forecast.optimizer;
  const auto remedy = fixed > static_cast<double>(*available)
                          ? "a smaller model or vocabulary, or another optimizer, needs less"
                          : "smaller batches (`train.batch`, with `train.accumulate`) need less";
  return fmt::format("training needs about {} more memory at its largest batch ({}), but only {} is available; {}",
                     bytes_text(needed), batch_text(forecast.largest), bytes_text(static_cast<double>(*available)),
                     remedy);
}

}  // namespace seq2seq::run
