#include <array>
#include <tuple>

#include <ATen/ops/_cudnn_rnn.h>
#include <ATen/ops/_cudnn_rnn_backward.h>
#include <ATen/ops/_cudnn_rnn_flatten_weight.h>
#include <ATen/ops/zeros_like.h>

#include "seq2seq/core/gpu_kernels.h"
#include "seq2seq/nn/precision.h"
#include "seq2seq/nn/recurrent/lstm_backend.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

constexpr int64_t lstm_mode = 2, weights_a_layer = 4;  // of LibTorch's functions for cuDNN

/// Inputs and weights in the form of cuDNN: one layer of one direction; states have a first dimension for layers, [1,
/// S, H].
struct CudnnLayer {
  at::ScalarType type;  // type in which cuDNN computes
  Tensor x, hidden, cell;
  std::vector<Tensor> weights;  // as in torch.nn.LSTM: gates i f g o, one bias for each product
  int64_t cells = 0;
};

CudnnLayer layer_of(const LstmWeights& weights, const CellInput& input) {
  const bool rounds = input.x.scalar_type() == at::kFloat && current_precision() == Precision::bf16;
  const auto type = rounds ? at::kBFloat16 : input.x.scalar_type();
  CudnnLayer layer{.type = type,
                   .x = input.x.to(type),
                   .hidden = input.before[0].unsqueeze(0).to(type),
                   .cell = input.before[1].unsqueeze(0).to(type),
                   .weights = {},
                   .cells = weights.hidden.size(1)};
  // Separate tensors with the same values, which can move into cuDNN's buffer while the parameters stay.
  for (const auto& weight : {weights.input, weights.hidden, weights.input_bias, weights.hidden_bias})
    layer.weights.push_back(weight.variable_data().to(type));
  return layer;
}

Tensor without_layer(const Tensor& state) { return state.squeeze(0); }

/// An LSTM layer by cuDNN over packed rows, without dropout. backward() may be called once only, because it changes the
/// memory reserved by forward().
class CudnnLstm final : public LstmBackend {
 public:
  std::string_view name() const override { return "cudnn"; }

  std::string refusal(const CellInput& input, const Steps& steps) const override {
    if (input.x.is_cpu()) return "the layer lies on the CPU";
    if (!is_on(GpuKernel::cudnn)) return "SEQ2SEQ_GPU_KERNELS does not name `cudnn`";
    // With input feeding, a decoder runs step by step, and cuDNN would compute the weights' gradients once per step.
    if (steps.count() < 2) return "it is a single step";
    return "";
  }

  CellOutput forward(const LstmWeights& weights, const CellInput& input, const Steps& steps) const override {
    const auto layer = layer_of(weights, input);
    const auto buffer = at::_cudnn_rnn_flatten_weight(layer.weights, weights_a_layer, layer.x.size(1), lstm_mode,
                                                      layer.cells, /*proj_size=*/0, /*num_layers=*/1,
                                                      /*batch_first=*/false, /*bidirectional=*/false);
    const auto [rows, hidden, cell, reserve, used] =
        at::_cudnn_rnn(layer.x, layer.weights, weights_a_layer, buffer, layer.hidden, layer.cell, lstm_mode,
                       layer.cells, /*proj_size=*/0, /*num_layers=*/1, /*batch_first=*/false, /*dropout=*/0,
                       /*train=*/true, /*bidirectional=*/false, steps.running, /*dropout_state=*/{});
    const auto type = input.x.scalar_type();
    return {.rows = rows.to(type),
            .last = {without_layer(hidden).to(type), without_layer(cell).to(type)},
            .kept = {reserve, buffer}};
  }

  /// Also computes the weights' gradients: they are the returned rows, one row [1, ...] each.
  CellGradient backward(const LstmWeights& weights, const CellInput& input, const CellOutput& output,
                        const CellOutputGradient& output_gradient, const Steps& steps, bool x_wanted) const override {
    const auto layer = layer_of(weights, input);
    const std::array<bool, 4> wanted{x_wanted, true, true, true};
    const auto type = input.x.scalar_type();
    const auto as_layer = [&](const Tensor& tensor) { return tensor.to(layer.type); };
    const auto rows =
        as_layer(output_gradient.rows.defined() ? output_gradient.rows.contiguous() : at::zeros_like(output.rows));
    const auto [x, hidden, cell, of_weights] = at::_cudnn_rnn_backward(
        layer.x, layer.weights, weights_a_layer, output.kept[1], layer.hidden, layer.cell, as_layer(output.rows), rows,
        as_layer(state_gradient(output_gradient, input, 0)).unsqueeze(0),
        as_layer(state_gradient(output_gradient, input, 1)).unsqueeze(0), lstm_mode, layer.cells, /*proj_size=*/0,
        /*num_layers=*/1, /*batch_first=*/false, /*dropout=*/0, /*train=*/true,
        /*bidirectional=*/false, steps.running, /*dropout_state=*/{}, /*reserve=*/output.kept[0], wanted);
    CellGradient gradient{.x = x_wanted ? x.to(type) : Tensor(),
                          .before = {without_layer(hidden).to(type), without_layer(cell).to(type)},
                          .rows = {}};
    for (const auto& of_weight : of_weights) gradient.rows.push_back(of_weight.to(type).unsqueeze(0));
    return gradient;
  }

  bool left(const std::vector<Tensor>& rows) const override { return rows.size() == weights_a_layer; }

  std::vector<Tensor> weight_gradients(const LstmWeights&, const std::vector<Tensor>& rows,
                                       const std::vector<bool>& wanted) const override {
    std::vector<Tensor> gradients;
    for (size_t weight = 0; weight < rows.size(); ++weight)
      gradients.push_back(wanted[weight] ? rows[weight].sum(0) : Tensor());
    return gradients;
  }
};

}  // namespace

const LstmBackend& lstm_by_cudnn() {
  static const CudnnLstm cudnn;
  return cudnn;
}

}  // namespace seq2seq::nn
