#include "seq2seq/run/kernel_check/check_training.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/isa.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/inherited_text.h"
#include "seq2seq/run/kernel_check/kernel_check.h"
#include "seq2seq/run/placement_rules.h"
#include "seq2seq/run/training.h"
#include "seq2seq/train/data_order.h"
#include "seq2seq/train/objective.h"

namespace seq2seq::run {

namespace {

/// While it exists, watches the layers of all models that are made.
class WatchedLayers {
 public:
  explicit WatchedLayers(nn::Parts& parts) : parts_(parts), kinds_(parts.layers) {
    parts_.layers = nn::watched(kinds_, watches_);
  }
  ~WatchedLayers() { parts_.layers = kinds_; }
  WatchedLayers(const WatchedLayers&) = delete;
  WatchedLayers& operator=(const WatchedLayers&) = delete;

  const nn::LayerWatches& watches() const { return *watches_; }

 private:
  nn::Parts& parts_;
  nn::LayerRegistry kinds_;
  std::shared_ptr<nn::LayerWatches> watches_ = std::make_shared<nn::LayerWatches>();
};

/// Size of the comparison.
struct ComparedText {
  int64_t batches = 0, source_words = 0, target_words = 0;
};

ComparedText add_batches(KernelCheck& check, int64_t batches, const train::TrainOptions& options,
                         train::DataOrder& order) {
  const auto smoothing = train::loss_options(options).label_smoothing;
  ComparedText compared;
  while (compared.batches < batches) {
    for (const auto& batch : order.take()) {
      if (compared.batches == batches) break;
      const auto divisor = train::divisor(options.objective, batch.sentences(), batch.target_tokens());
      check.add(batch, train::row_scale(batch, divisor, at::kFloat), smoothing);
      ++compared.batches;
      compared.source_words += batch.source_tokens();
      compared.target_words += batch.target_tokens();
    }
  }
  return compared;
}

std::string table_line(const KernelDifference& each, double bound) {
  return fmt::format("{:<34} {:<24} {:>10.1e} {:>10.1e} {:>10.1e}  {}{}", each.part, each.what, each.difference,
                     each.relative, each.of_libtorch, each.where, each.relative > bound ? "  <- above the bound" : "");
}

KernelReport report_of(const KernelComparison& comparison, nn::Precision precision, const ComparedText& compared) {
  const double bound = kernel_bound(precision);
  KernelReport report;
  report.lines.push_back(fmt::format(
      "kernels of {} in {} on {}, {} and {}; the bound of relative differences is {:.0e}", name(best_isa()),
      precision == nn::Precision::bf16 ? "bf16" : "float32",
      compared.batches == 1 ? "1 batch" : format_count(compared.batches) + " batches",
      format_count(compared.source_words, "source word"), format_count(compared.target_words, "target word"), bound));
  report.lines.push_back(fmt::format("{:<34} {:<24} {:>10} {:>10} {:>10}  {}", "part", "results", "difference",
                                     "relative", "LibTorch", "largest at"));
  for (const auto& each : comparison.differences) report.lines.push_back(table_line(each, bound));
  for (const auto& [part, why] : comparison.not_compared)
    report.lines.push_back(fmt::format("not compared: {}: {}", part, why));
  const auto worst = std::ranges::max_element(comparison.differences, {}, &KernelDifference::relative);
  if (worst != comparison.differences.end() && worst->relative > bound)
    report.fault =
        fmt::format("{}: {} differ by {:.1e} of the largest number, more than {:.0e}; largest difference at {}",
                    worst->part, worst->what, worst->relative, bound, worst->where);
  return report;
}

}  // namespace

KernelReport check_kernels(const NewRun& request, int64_t batches, const Environment& environment) {
  const WatchedLayers watched(*environment.registries->parts);
  const auto configuration = read_to_train(request.config, request.overrides, environment);
  const auto& options = configuration->options;
  const auto device = training_device(options.placement, environment);
  if (!device.is_cpu())
    throw UsageError(Place{.part = "--check-kernels"},
                     fmt::format("compares kernels of the CPU, but the device is `{}`", device.str()),
                     "Use `--device cpu`");
  prepare_training(options.train.precision, device, environment);
  const auto data = read_text_of_new_run(request, *configuration, environment);
  const auto model = build_model(options, *environment.registries, *data.text, on_device(device));
  std::optional<InitialWeights> from;
  if (request.init_from) from = find_initial_weights(*request.init_from, options.data.task, environment);
  set_initial_parameters(*model, options, *data.text, from, environment);
  KernelCheck check(*model, watched.watches(), options.train.precision);
  train::DataOrder order(data.train, *data.text, options.train.batch, options.train.accumulate, options.seed, {});
  const auto compared = add_batches(check, batches, options.train, order);
  return report_of(check.comparison(), options.train.precision, compared);
}

}  // namespace seq2seq::run
