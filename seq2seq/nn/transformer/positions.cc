#include "seq2seq/nn/transformer/positions.h"

#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// For each step of the chunk: position / 10000^(2 i / width) for i < pairs [T, pairs], in double.
Tensor angles(const Layout& packed, int64_t width, int64_t pairs) {
  const auto options = at::TensorOptions(at::kDouble).device(packed.position.device());
  const auto steps = at::arange(packed.steps(), options) + packed.position.narrow(0, 0, 1);  // [T]
  const auto rates =
      at::exp(at::arange(pairs, options) * (-2 * std::log(1e4) / static_cast<double>(width)));  // [pairs]
  return steps.unsqueeze(1) * rates;
}

/// Repeats the result of each step for its rows.
Tensor of_rows(const Tensor& of_steps, const SentenceRows& at, const Layout& packed, at::ScalarType type) {
  return of_steps.to(type).index_select(0, at.layout->position - packed.position.narrow(0, 0, 1));
}

}  // namespace

Positions::Positions(const TransformerLayerOptions& options, int64_t width, const ParameterPlace& place,
                     std::string section)
    : kind_(options.positions), width_(width), heads_(options.heads), place_(place), section_(std::move(section)) {
  if (kind_ == PositionKind::learned)
    weight_ = add_parameter("weight", {options.longest, width}, {.kind = Role::Kind::embedding}, place);
}

Tensor Positions::add(const Tensor& words, const SentenceRows& at, const Layout& packed) const {
  if (words.size(0) == 0) return words;
  if (kind_ == PositionKind::learned) return words + learned(at);
  if (kind_ != PositionKind::sinusoidal) return words;
  const auto angle = angles(packed, width_, (width_ + 1) / 2);
  const auto both = at::stack({angle.sin(), angle.cos()}, 2).flatten(1).narrow(1, 0, width_);  // sin, cos, sin, ...
  return words + of_rows(both, at, packed, words.scalar_type());
}

Tensor Positions::learned(const SentenceRows& at) const {
  const auto& position = at.layout->position;
  const int64_t last = at.layout->on_host().position.max().item<int64_t>();
  if (last >= weight_.size(0))
    throw Error(fmt::format("a sentence has at least {} tokens, including its end symbol, but the model has learned "
                            "positions for {} (`{}.longest`)",
                            format_count(last + 1), format_count(weight_.size(0)), section_),
                "Limit the length (`data.max_length`, `decode.max_length`), or train with more positions");
  return at::embedding(weight_, position);
}

Rotation Positions::rotation(const SentenceRows& at, const Layout& packed) const {
  if (kind_ != PositionKind::rotary || packed.rows() == 0) return {};
  const int64_t head = width_ / heads_;
  const auto angle = angles(packed, head, head / 2);
  return {of_rows(angle.cos(), at, packed, place_.type), of_rows(angle.sin(), at, packed, place_.type)};
}

Tensor rotate(const Tensor& rows, const Rotation& rotation, int64_t heads) {
  if (!rotation.cosine.defined()) return rows;
  const auto pairs = rows.reshape({rows.size(0), heads, rotation.cosine.size(1), 2});
  const auto first = pairs.select(3, 0), second = pairs.select(3, 1);  // [N, heads, D / 2]
  const auto cosine = rotation.cosine.unsqueeze(1), sine = rotation.sine.unsqueeze(1);
  return at::stack({first * cosine - second * sine, first * sine + second * cosine}, 3).flatten(1);
}

}  // namespace seq2seq::nn
