#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/nn/check/watch.h"
#include "seq2seq/nn/output/output.h"

namespace seq2seq::nn {

/// Everything that a part of a model computes for a batch.
struct PartResults {
  std::vector<at::Tensor> outputs;     // a layer: rows [N, W], then each part of the state [B, W]; otherwise losses [N]
  std::vector<at::Tensor> gradients;   // of the input rows, then of each part of the initial state; undefined: none
  std::vector<at::Tensor> parameters;  // gradients, in the order of the parameters; undefined: frozen
};

/// Repeats a call of a layer by the layer itself.
PartResults by_layer(const LayerWatch& layer, const WatchedCall& call);
/// Repeats a call of an LSTM layer by LibTorch's own operator (at::lstm) in numbers of `type`.
PartResults by_libtorch(const LayerWatch& layer, const WatchedCall& call, at::ScalarType type);

/// Input of an output layer.
struct OutputCall {
  Packed rows;    // [N, H]
  Ids targets;    // [N]
  LossSpec spec;  // with row_scale
};
PartResults by_layer(const OutputLayer& output, const OutputCall& call);
/// The softmax over all words by LibTorch's operators, composed, in numbers of `type`. `parameters`: the weight and, if
/// there is one, the bias.
PartResults by_libtorch(const std::vector<at::Tensor>& parameters, const OutputCall& call, at::ScalarType type);

/// The largest difference of a tensor from the exact one.
struct Difference {
  double largest = 0;
  double relative = 0;      // divided by the largest number of the exact tensor; infinite for a NaN
  std::vector<int64_t> at;  // the index in each dimension
};

/// Returns the largest difference. An undefined tensor counts as zeros; at least one must be defined. Throws ShapeError
/// if the shapes differ.
Difference difference_of(const at::Tensor& found, const at::Tensor& exact);

}  // namespace seq2seq::nn
