#include "seq2seq/nn/attention/dot.h"

#include <cmath>

#include <fmt/format.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/error.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, DotAttentionOptions& options) {
  keys.add("scaled", options.scaled, "divide scores by the square root of the width");
}

DotAttention::DotAttention(const Options& options, const AttentionContext& context)
    : width_(context.memory), scale_(options.scaled ? 1 / std::sqrt(static_cast<double>(context.query)) : 1) {
  if (context.query == context.memory) return;
  throw UsageError(fmt::format("attention `dot` needs a decoder as wide ({}) as the encoder's states ({})",
                               context.query, context.memory),
                   "Use the same width in both, or `model.attention.kind: general`");
}

AttentionMemory DotAttention::prepare(const at::Tensor& states) const { return {.keys = states, .values = states}; }

AttentionResult DotAttention::attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                     const AttentionPairs& pairs) const {
  const auto made = attend_dot(queries.rows, memory.keys, memory.values, pairs, scale_);
  return {made.context, made.weights};
}

}  // namespace seq2seq::nn
