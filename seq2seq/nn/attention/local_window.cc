#include "seq2seq/nn/attention/local_window.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <fmt/format.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, LocalAttentionOptions& options) {
  keys.add("window", options.window, "largest distance D of a visible state from the centre of the window")
      .unit("words")
      .at_least(1)
      .at_most(1e6);
  keys.add("score", options.score, {{"general", LocalScore::general}, {"dot", LocalScore::dot}},
           "score within the window, as in the attention of that kind");
}

void check_widths(const LocalAttentionOptions& options, const AttentionContext& context, const std::string& kind) {
  if (options.score == LocalScore::general || context.query == context.memory) return;
  throw UsageError(fmt::format("attention `{}` with `score: dot` needs a decoder as wide ({}) as the encoder's states "
                               "({})",
                               kind, context.query, context.memory),
                   "Use the same width in both, or `model.attention.score: general`");
}

at::Tensor of_each_pair(const at::Tensor& of_queries, const AttentionPairs& pairs) {
  return pairs.of_pairs(of_queries.unsqueeze(1).expand({pairs.queries(), pairs.longest()}));
}

at::Tensor softmax_in_window(const at::Tensor& scores, const at::Tensor& distance, int64_t window,
                             const AttentionPairs& pairs) {
  const auto outside = distance.abs() > window;
  return softmax_by_query(scores.masked_fill(outside, -std::numeric_limits<double>::infinity()), pairs);
}

}  // namespace seq2seq::nn
