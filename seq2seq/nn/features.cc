#include "seq2seq/nn/features.h"

#include <algorithm>

#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>

namespace seq2seq::nn {
namespace {

/// [N, S] and [N', S'] -> [N + N', max(S, S')]
at::Tensor joined_positions(const at::Tensor& first, const at::Tensor& second) {
  if (!first.defined()) return first;
  const auto width = std::max(first.size(1), second.size(1));
  const auto widened = [&](const at::Tensor& tensor) {
    return at::constant_pad_nd(tensor, {0, width - tensor.size(1)});
  };
  return at::cat({widened(first), widened(second)});
}

}  // namespace

Features part_of(const Features& features, int64_t first, int64_t count) {
  const auto part = [&](const at::Tensor& tensor) {
    return tensor.defined() ? tensor.narrow(0, first, count) : tensor;
  };
  return {.rows = part(features.rows), .attention = part(features.attention), .source = part(features.source)};
}

Features joined(const Features& first, const Features& second) {
  return {.rows = at::cat({first.rows, second.rows}),
          .attention = joined_positions(first.attention, second.attention),
          .source = joined_positions(first.source, second.source)};
}

}  // namespace seq2seq::nn
