#include <vector>

#include <ATen/ops/empty.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/output/adaptive.h"
#include "seq2seq/nn/output/copy.h"
#include "seq2seq/nn/output/full.h"
#include "seq2seq/nn/output/noise_contrastive.h"
#include "seq2seq/nn/output/output.h"
#include "seq2seq/nn/output/sampled.h"

namespace seq2seq::nn {

const std::vector<SoftmaxShard>& OutputLayer::shards() const {
  static const std::vector<SoftmaxShard> none;
  return none;
}

void OutputLayer::check_smoothing(const LossSpec& spec) const {
  if (spec.label_smoothing == 0 || refuses_smoothing().empty()) return;
  throw UsageError(Place{.part = "train.label_smoothing"}, refuses_smoothing(), "Use 0");
}

void check_output(const OutputRegistry& outputs, const Selection& output, const OutputOutline& model) {
  const auto options = at::TensorOptions(at::kFloat).device(c10::kMeta);
  OutputContext context{
      .width = model.width,
      .vocabulary = unknown_vocabulary,
      .tied_weight = model.tied ? at::empty({unknown_vocabulary, model.width}, options) : at::Tensor(),
      .placement = {}};
  context.placement.device = c10::kMeta;
  context.attends = model.attends;
  outputs.make(output, context);
}

OutputRegistry builtin_outputs() {
  OutputRegistry registry;
  registry.add<CopyOutput>("copy", "full softmax, or a copy of a source word; See et al. 2017, arXiv 1704.04368");
  registry.add<FullOutput>("full", "softmax over the whole vocabulary; Sutskever et al. 2014, arXiv 1409.3215");
  registry.add<SampledOutput>("sampled", "softmax with a sampled loss; Jean et al. 2015, arXiv 1412.2007");
  registry.add<NoiseContrastiveOutput>(
      "noise_contrastive", "softmax trained to distinguish words from noise; Mnih and Teh 2012, arXiv 1206.6426");
  registry.add<AdaptiveOutput>(
      "adaptive", "softmax over frequent words and clusters of rare words; Grave et al. 2017, arXiv 1609.04309");
  return registry;
}

}  // namespace seq2seq::nn
