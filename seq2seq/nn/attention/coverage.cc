#include "seq2seq/nn/attention/coverage.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/matmul.h>

namespace seq2seq::nn {

at::Tensor add_coverage_weight(Module& module, int64_t width, const AttentionContext& context) {
  if (!context.coverage) return {};
  return module.add_parameter("coverage_weight", {width}, {.kind = Role::Kind::scale}, context.place);
}

AttentionResult attend_covered(const AttentionQueries& queries, const at::Tensor& asked, const AttentionMemory& memory,
                               const at::Tensor& v, const at::Tensor& w, const AttentionPairs& pairs) {
  if (!w.defined()) {
    const auto made = attend_additive(asked, memory.keys, memory.values, v, pairs);
    return {made.context, made.weights};
  }
  // The term inside the tanh differs from pair to pair, so each pair gets a key of its own.
  const auto keys = at::addcmul(pairs.keys_apart(memory.keys), queries.past.unsqueeze(1), w);  // [P, A]
  return attend_by_scores(additive_scores(asked, keys, v, pairs.apart()), memory, pairs);
}

at::Tensor coverage_scores(const AttentionQueries& queries, const at::Tensor& w, const AttentionPairs& pairs) {
  const auto of_query = at::matmul(queries.rows, w).unsqueeze(1).expand({pairs.queries(), pairs.longest()});
  return pairs.of_pairs(of_query) * queries.past;
}

}  // namespace seq2seq::nn
