#include "seq2seq/nn/attention/additive.h"
#include "seq2seq/nn/attention/attention.h"
#include "seq2seq/nn/attention/concat.h"
#include "seq2seq/nn/attention/dot.h"
#include "seq2seq/nn/attention/general.h"
#include "seq2seq/nn/attention/local_m.h"
#include "seq2seq/nn/attention/local_p.h"
#include "seq2seq/nn/attention/location.h"
#include "seq2seq/nn/attention/multi_head.h"

namespace seq2seq::nn {

AttentionRegistry builtin_attentions() {
  AttentionRegistry registry;
  registry.add<AdditiveAttention>("additive", "score by a hidden tanh layer; Bahdanau et al. 2014, arXiv 1409.0473");
  registry.add<ConcatAttention>("concat", "additive with one matrix; Luong et al. 2015, arXiv 1508.04025");
  registry.add<DotAttention>("dot", "dot product of query and state; Luong et al. 2015, arXiv 1508.04025");
  registry.add<GeneralAttention>("general", "product of query, matrix and state; Luong et al. 2015, arXiv 1508.04025");
  registry.add<LocalMAttention>("local_m", "a window around the step; Luong et al. 2015, arXiv 1508.04025");
  registry.add<LocalPAttention>("local_p", "a window around a predicted position; Luong et al. 2015, arXiv 1508.04025");
  registry.add<LocationAttention>(
      "location", "weights of positions computed from the query only; Luong et al. 2015, arXiv 1508.04025");
  registry.add<MultiHeadAttention>("multi_head", "several scaled dot products; Vaswani et al. 2017, arXiv 1706.03762");
  return registry;
}

}  // namespace seq2seq::nn
