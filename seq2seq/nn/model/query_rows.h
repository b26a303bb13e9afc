#pragma once

#include <cstdint>
#include <optional>

#include "seq2seq/nn/attention/attention.h"
#include "seq2seq/nn/attention/readout.h"
#include "seq2seq/nn/model/decoder_state.h"
#include "seq2seq/nn/sentence_order.h"

namespace seq2seq::nn {

/// The rows of a chunk of steps as queries of the attention. Converts between packed order, in which rows come in
/// and go out, and the order of the pairs, hypothesis by hypothesis.
class QueryRows {
 public:
  QueryRows(const Layout& layout, const AttendedSources& sources, c10::Device device);

  /// Attends from rows in packed order; the result is in the order of the pairs.
  AttentionResult attend(const Attention& attention, const AttentionMemory& memory, const Packed& rows,
                         bool wants_weights) const;
  /// context in the order of the pairs, rows and words in packed order -> the output layer's input [N, R], packed.
  at::Tensor read_out(const Readout& readout, const at::Tensor& context, const Packed& rows, const Packed& words) const;
  /// Returns the weights [N, S] of a result in packed order.
  at::Tensor weights(const AttentionResult& result) const;
  /// Reorders rows from the order of the pairs to packed order.
  at::Tensor packed(const at::Tensor& rows) const;

 private:
  at::Tensor in_order_of_pairs(const Packed& rows) const;

  std::optional<SentenceOrder> order_;  // empty for a single step: both orders are then the same
  c10::Device device_;
  int64_t longest_;  // S
  AttentionPairs pairs_;
};

}  // namespace seq2seq::nn
