#include "seq2seq/run/build.h"

#include <functional>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/core/isa.h"
#include "seq2seq/nn/kernels/product/bf16_speed.h"
#include "seq2seq/run/placement.h"
#include "seq2seq/run/placement_rules.h"

namespace seq2seq::run {

nn::Placement on_device(c10::Device device) { return {.device = device, .parts = {}, .output = {}}; }

namespace {

nn::Placement place(const PlacementOptions& placement, const ModelOptions& model, const data::TextPipeline& text,
                    const Environment& environment) {
  if (names_nothing(placement)) return on_device(environment.device);
  const auto layers = layers_of(model, *environment.registries);
  check_devices(placement, layers);
  auto placed = make_placement(placement, environment.device, layers, text.target_vocabulary().size());
  warn_of_idle(placement, placed, layers, *environment.log);
  return placed;
}

nn::SourceParts parts_of(const ModelOptions& options, int64_t parts) {
  return {.options = options.multi_source, .count = parts, .separator = text::end_id};
}

}  // namespace

SourceSizes unknown_sizes(const data::SourceForm& form) {
  return {std::vector<int64_t>(static_cast<size_t>(form.factors), nn::unknown_vocabulary), form.parts};
}

nn::Placement training_placement(const RunOptions& options, const data::TextPipeline& text,
                                 const Environment& environment) {
  if (environment.single_device) return on_device(environment.device);
  return place(options.placement, options.model, text, environment);
}

c10::Device training_device(const PlacementOptions& options, const Environment& environment) {
  return environment.single_device ? environment.device : first_device(options, environment.device);
}

void use_precision(nn::Precision precision, c10::Device device, Log& log) {
  const auto refusal = nn::precision_refusal(precision, device);
  if (!refusal.empty())
    throw UsageError({.part = "train.precision"}, refusal,
                     "Use `train.precision: float32`, or choose another device by `--device`");
  nn::set_precision(precision);
  if (precision != nn::Precision::bf16 || !device.is_cpu()) return;
  const auto warning = nn::slow_bf16_warning(nn::kernels::measure_bf16_speed());
  if (!warning.empty()) log.warn(warning);
}

Machine prepare_training(nn::Precision precision, c10::Device device, const Environment& environment) {
  auto machine = prepare_machine(environment.threads, device);
  use_precision(precision, device, *environment.log);
  if (precision == nn::Precision::bf16 && device.is_cpu() && best_isa() == Isa::amx) machine.kernels += ", bf16 by amx";
  return machine;
}

nn::Placement placement_for_use(const std::string& choice, const RunOptions& options, const data::TextPipeline& text,
                                const Environment& environment) {
  if (choice.empty()) return on_device(environment.device);
  if (choice == "run") return place(options.placement, options.model, text, environment);
  return place(read_placement(choice, layers_of(options.model, *environment.registries)), options.model, text,
               environment);
}

std::shared_ptr<nn::Model> outline(const ModelOptions& options, const Registries& registries, int64_t source_vocabulary,
                                   int64_t target_vocabulary, const SourceSizes& source) {
  nn::ModelContext context{.source_vocabulary = source_vocabulary,
                           .target_vocabulary = target_vocabulary,
                           .placement = {},
                           .source_factors = {options.factors, source.factors},
                           .source_parts = parts_of(options, source.parts)};
  context.placement.device = c10::kMeta;
  return models_of(options, registries).make(options.architecture, context);
}

std::shared_ptr<nn::Model> outline(const ModelOptions& options, const Registries& registries,
                                   const data::TextPipeline& text) {
  return outline(options, registries, text.source_vocabulary().size(), text.target_vocabulary().size(),
                 {text.source().factor_sizes(), text.options().source_form.parts});
}

bool reads_counts(const ModelOptions& options, const Registries& registries) {
  return outline(options, registries)->output().reads_counts();
}

bool extends_vocabulary(const ModelOptions& options, const Registries& registries) {
  return outline(options, registries)->output().extends_vocabulary();
}

std::shared_ptr<nn::Model> build_model(const RunOptions& options, const Registries& registries,
                                       const data::TextPipeline& text, const nn::Placement& placement) {
  std::function<std::vector<int64_t>()> counts;
  if (!text.target_counts().empty()) counts = [&text] { return text.target_counts(); };
  return models_of(options.model, registries)
      .make(options.model.architecture,
            nn::ModelContext{.source_vocabulary = text.source_vocabulary().size(),
                             .target_vocabulary = text.target_vocabulary().size(),
                             .placement = placement,
                             .type = nn::parameter_type,
                             .target_of_source = [&text] { return text.target_of_source(); },
                             .target_counts = counts,
                             .source_factors = {options.model.factors, text.source().factor_sizes()},
                             .source_parts = parts_of(options.model, options.data.source_form.parts)});
}

}  // namespace seq2seq::run
