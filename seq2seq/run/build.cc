#include "seq2seq/run/build.h"

#include "seq2seq/core/error.h"

namespace seq2seq::run {

namespace {

nn::Placement placement_of(const PlacementOptions& options, c10::Device device) {
  if (options.preset != "single") throw Error("unknown placement preset `" + options.preset + "`; known is single");
  nn::Placement placement;
  placement.device = device;
  return placement;
}

}  // namespace

std::shared_ptr<nn::Model> build_model(const RunOptions& options, const Registries& registries,
                                       const data::TextPipeline& text, c10::Device device) {
  return registries.models.make(options.model.architecture,
                                nn::ModelContext{.source_vocabulary = text.source_vocabulary().size(),
                                                 .target_vocabulary = text.target_vocabulary().size(),
                                                 .placement = placement_of(options.placement, device)});
}

}  // namespace seq2seq::run
