#pragma once

#include <cstdint>
#include <string>

#include "seq2seq/nn/parameter.h"
#include "seq2seq/nn/transformer/options.h"
#include "seq2seq/nn/transformer/sentence_rows.h"

namespace seq2seq::nn {

/// Encodes the positions of rows for the layers of a stack. Parameter `weight` [longest, W] if they are learned.
class Positions final : public Module {
 public:
  /// `section`: section of its keys, for messages.
  Positions(const TransformerLayerOptions& options, int64_t width, const ParameterPlace& place, std::string section);

  /// Adds the encoding to the word vectors [N, W] of these rows. `packed`: the same rows' layout in packed order.
  /// Throws Error if a sentence is longer than the learned positions.
  at::Tensor add(const at::Tensor& words, const SentenceRows& at, const Layout& packed) const;
  /// Returns the rotation angles of each row's queries and keys, on the device of `packed`; undefined without rotation.
  Rotation rotation(const SentenceRows& at, const Layout& packed) const;

 private:
  at::Tensor learned(const SentenceRows& at) const;

  PositionKind kind_;
  int64_t width_, heads_;
  ParameterPlace place_;
  std::string section_;
  at::Tensor weight_;
};

/// Rotates each pair of units of each head, (2 i, 2 i + 1), by position / 10000^(2 i / D): arXiv 2104.09864, equations
/// 34 and 15. rows [N, heads D]; an undefined rotation changes nothing.
at::Tensor rotate(const at::Tensor& rows, const Rotation& rotation, int64_t heads);

}  // namespace seq2seq::nn
