#include "seq2seq/nn/attention/attention.h"

namespace seq2seq::nn {

AttentionResult attend_by_scores(const at::Tensor& scores, const AttentionMemory& memory, const AttentionPairs& pairs) {
  const auto weights = softmax_by_query(scores, pairs);
  return {sum_by_query(weights, memory.values, pairs), weights};
}

}  // namespace seq2seq::nn
