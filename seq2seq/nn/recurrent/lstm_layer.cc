#include "seq2seq/nn/recurrent/lstm_layer.h"

#include <c10/util/Exception.h>

#include "seq2seq/nn/recurrent/lstm_backend.h"
#include "seq2seq/nn/recurrent/lstm_pass.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// The equations by the first backend that can compute the input.
class LstmCell final : public Cell {
 public:
  explicit LstmCell(LstmWeights weights) : weights_(std::move(weights)) {}

  std::vector<Tensor> parameters() const override {
    return {weights_.input, weights_.hidden, weights_.input_bias, weights_.hidden_bias};
  }
  int64_t width() const override { return weights_.hidden.size(1); }
  StateShape state_shape() const override { return {{"h", width()}, {"c", width()}}; }
  std::shared_ptr<const PreparedWeights> panels(bool both_ways) const override {
    return std::make_shared<LstmPrepared>(lstm_panels(weights_, both_ways));
  }

  CellOutput forward(const CellInput& input, const Steps& steps) const override {
    return lstm_backend(input, steps).forward(weights_, input, steps);
  }

  CellGradient backward(const CellInput& input, const CellOutput& output, const CellOutputGradient& output_gradient,
                        const Steps& steps, bool x_wanted) const override {
    return lstm_backend(input, steps).backward(weights_, input, output, output_gradient, steps, x_wanted);
  }

  std::vector<Tensor> weight_gradients(const std::vector<Tensor>& rows,
                                       const std::vector<bool>& wanted) const override {
    for (const auto* backend : lstm_backends())
      if (backend->left(rows)) return backend->weight_gradients(weights_, rows, wanted);
    TORCH_CHECK(false, "no backend of the LSTM leaves ", rows.size(), " tensors");
  }

 private:
  LstmWeights weights_;
};

}  // namespace

LstmPanels lstm_panels(const LstmWeights& weights, bool both_ways) {
  if (!has_lstm_kernels(weights.hidden)) return {};
  auto panels = lstm_panels_cpu(weights);
  if (both_ways) lstm_panels_backward_cpu(weights, panels);
  return panels;
}

std::shared_ptr<const Cell> lstm_cell(const LstmWeights& weights) { return std::make_shared<LstmCell>(weights); }

LstmResult lstm_layer(const Tensor& x, const std::vector<int64_t>& running, const Tensor& hidden, const Tensor& cell,
                      const LstmWeights& weights, const LstmPanels* panels) {
  CellPrepared prepared;
  if (panels != nullptr) prepared.panels = std::make_shared<LstmPrepared>(*panels);
  const auto result = run_cell(lstm_cell(weights), x, {hidden, cell}, running, &prepared);
  return {result.rows, result.last[0], result.last[1]};
}

}  // namespace seq2seq::nn
