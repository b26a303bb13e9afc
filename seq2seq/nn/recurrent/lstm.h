#pragma once

#include <memory>
#include <vector>

#include "seq2seq/nn/recurrent/lstm_layer.h"
#include "seq2seq/nn/recurrent/stack.h"

namespace seq2seq::nn {

/// A stack of LSTM layers (Hochreiter and Schmidhuber 1997; without peepholes, as arXiv 1409.3215 uses it). Parameters
/// are named, shaped and ordered as in torch.nn.LSTM, `weight_ih_l0` ..., so that weights can be exchanged with it. A
/// layer's state is {h, c}.
class Lstm final : public Stack {
 public:
  using Options = StackOptions;
  Lstm(const Options& options, const StackContext& context);

  int64_t layers() const override { return static_cast<int64_t>(weights_.size()); }
  int64_t cells() const override { return cells_; }
  State zero(int64_t layer, int64_t sentences) const override;
  Packed run_layer(int64_t layer, const Packed& chunk, State& state, const PreparedWeights* prepared) const override;
  std::shared_ptr<const PreparedWeights> prepare() const override;
  c10::Device device(int64_t layer) const override;

 private:
  int64_t cells_;
  std::vector<LstmWeights> weights_;
};

}  // namespace seq2seq::nn
