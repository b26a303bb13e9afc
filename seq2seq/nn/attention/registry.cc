#include "seq2seq/nn/attention/additive.h"
#include "seq2seq/nn/attention/attention.h"
#include "seq2seq/nn/attention/dot.h"
#include "seq2seq/nn/attention/general.h"

namespace seq2seq::nn {

AttentionRegistry builtin_attentions() {
  AttentionRegistry registry;
  registry.add<AdditiveAttention>("additive", "a hidden layer of tanh; Bahdanau et al. 2014, arXiv 1409.0473");
  registry.add<DotAttention>("dot", "the product of query and state; Luong et al. 2015, arXiv 1508.04025");
  registry.add<GeneralAttention>("general", "a product with a matrix between; Luong et al. 2015, arXiv 1508.04025");
  return registry;
}

}  // namespace seq2seq::nn
