#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "seq2seq/nn/encoder/encoder.h"
#include "seq2seq/nn/source_parts.h"

namespace seq2seq::nn {

/// A separate encoder, with its own parameters, for each sentence of a source that consists of several: the modules
/// `source_0`, `source_1`, ... (Zoph and Knight 2016, arXiv 1601.00710). The states of all sentences follow each other
/// in reading order. The last states of each layer are combined into one:
/// - basic (equations 1 and 2): h = tanh(W [h_1; h_2]), c = c_1 + c_2; `weight_h_l0` [H, K H], ...
/// - child-sum (section 3.2): with the gates i, o and u of [h_1; h_2] and f_k = sigmoid(W_k h_k), c = i u + f_1 c_1 +
///   f_2 c_2 and h = o tanh(c); `gates_l0` [3H, K H] in the order i o u, `forget_0_l0` [H, H], ...
class MultiSourceEncoder final : public Encoder {
 public:
  /// `make` makes one encoder. Throws UsageError for encoders that cannot be combined.
  MultiSourceEncoder(const SourceParts& parts, const EncoderContext& context,
                     const std::function<std::shared_ptr<Encoder>()>& make);

  Memory encode(const Packed& ids, const Draw* draw) const override;
  int64_t width() const override { return encoders_.front()->width(); }
  std::vector<StateShape> last_shapes() const override { return encoders_.front()->last_shapes(); }
  int64_t layer_count() const override { return encoders_.front()->layer_count(); }

 private:
  struct Combination {                // of one layer
    std::vector<at::Tensor> weights;  // basic: one per part of the state; undefined for a part that is summed
    at::Tensor gates;
    std::vector<at::Tensor> forget;  // [K]
  };
  void add_combination(size_t layer, const EncoderContext& context);
  /// `states` [K]: the last state of this layer in each encoder.
  State combined(size_t layer, const std::vector<State>& states) const;

  SourceParts parts_;
  std::vector<std::shared_ptr<Encoder>> encoders_;  // [K]
  std::vector<Combination> combinations_;           // [L]
};

}  // namespace seq2seq::nn
