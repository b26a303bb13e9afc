#include <vector>

#include "seq2seq/nn/output/copy.h"
#include "seq2seq/nn/output/full.h"
#include "seq2seq/nn/output/output.h"

namespace seq2seq::nn {

const std::vector<SoftmaxShard>& OutputLayer::shards() const {
  static const std::vector<SoftmaxShard> none;
  return none;
}

OutputRegistry builtin_outputs() {
  OutputRegistry registry;
  registry.add<CopyOutput>("copy", "full, or a copy of a source word; See et al. 2017, arXiv 1704.04368");
  registry.add<FullOutput>("full", "softmax over the whole vocabulary; Sutskever et al. 2014, arXiv 1409.3215");
  return registry;
}

}  // namespace seq2seq::nn
