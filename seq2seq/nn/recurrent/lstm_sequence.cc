#include "seq2seq/nn/recurrent/lstm_sequence.h"

#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros_like.h>

#include "seq2seq/nn/recurrent/lstm_pass.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// The pass of a batch through an LSTM layer. Gates, cells and rows of all steps are one tensor each; a piece uses
/// views of them, and the weights' gradient of several pieces takes one product.
class LstmSequence final : public LayerPass {
 public:
  LstmSequence(const LstmWeights& weights, const LstmPanels* panels, std::shared_ptr<const Layout> layout,
               LayerRows rows, const State& first)
      : weights_(weights),
        panels_(panels == nullptr ? LstmPanels() : *panels),
        layout_(std::move(layout)),
        steps_(layout_->running),
        rows_(std::move(rows)),
        sentences_(first),
        order_(layout_->order()),
        hidden_(first.at(0).index_select(0, order_)),
        cell_(first.at(1).index_select(0, order_)),
        gates_(at::empty({steps_.rows(), weights.hidden.size(0)}, rows_.output.options())),
        cells_(at::empty_like(rows_.output)) {}

  void forward(const Piece& piece) override {
    if (piece.steps() > 0) lstm_forward(forward_of(piece), steps_of(piece));
  }

  State last() const override { return {last_of(sentences_[0], rows_.output), last_of(sentences_[1], cells_)}; }

  void begin_backward(const Tensor& output, const State& last) override {
    const auto sorted = [&](size_t part) {
      return last.size() > part && last[part].defined() ? last[part].index_select(0, order_) : at::zeros_like(hidden_);
    };
    output_gradient_ = output;
    last_gradient_ = last;
    hidden_gradient_ = sorted(0);
    cell_gradient_ = sorted(1);
    sums_ = at::empty_like(gates_);
  }

  void backward(const Piece& piece) override {
    if (piece.steps() > 0) lstm_backward(backward_of(piece), steps_of(piece), LstmWork::steps);
  }

  State first_gradient() const override {
    const auto unsorted = [&](size_t part, const Tensor& sorted) {
      const bool given = last_gradient_.size() > part && last_gradient_[part].defined();
      const auto rest = given ? last_gradient_[part] : at::zeros_like(sentences_[part]);
      return rest.index_copy(0, order_, sorted);
    };
    return {unsorted(0, hidden_gradient_), unsorted(1, cell_gradient_)};
  }

  void add_weight_gradients(const Piece& piece, std::vector<Tensor>& gradients) override {
    if (piece.steps() == 0) return;
    const bool bias_trained = weights_.input_bias.requires_grad() || weights_.hidden_bias.requires_grad();
    auto pass = backward_of(piece);
    const auto made = [&](size_t number, const Tensor& parameter) {
      if (parameter.requires_grad() && !gradients[number].defined()) gradients[number] = at::zeros_like(parameter);
      return gradients[number];
    };
    pass.input = made(0, weights_.input);
    pass.weight = made(1, weights_.hidden);
    if (bias_trained) pass.bias = at::zeros_like(weights_.input_bias);
    pass.add_weights = true;
    lstm_backward(pass, steps_of(piece), LstmWork::weights);
    if (auto bias = made(2, weights_.input_bias); bias.defined()) bias.add_(pass.bias);
    if (auto bias = made(3, weights_.hidden_bias); bias.defined()) bias.add_(pass.bias);
  }

 private:
  Steps steps_of(const Piece& piece) const {
    const auto begin = layout_->running.begin();
    return Steps({begin + piece.first_step, begin + piece.last_step});
  }

  /// Returns the state before a piece: the first state, or the rows of the previous step.
  Tensor before(const Piece& piece, const Tensor& first, const Tensor& whole) const {
    return piece.first_step == 0 ? first : steps_.of(whole, piece.first_step - 1);
  }

  LstmForward forward_of(const Piece& piece) const {
    return {.x = piece.of(rows_.input),
            .hidden = before(piece, hidden_, rows_.output),
            .cell = before(piece, cell_, cells_),
            .weights = weights_,
            .panels = panels_,
            .gates = piece.of(gates_),
            .cells = piece.of(cells_),
            .rows = piece.of(rows_.output)};
  }

  LstmBackward backward_of(const Piece& piece) const {
    const int64_t sentences = steps_.sentences(piece.first_step);
    return {.forward = forward_of(piece),
            .from_above = output_gradient_.defined() ? piece.of(output_gradient_) : Tensor(),
            .hidden = hidden_gradient_.narrow(0, 0, sentences),
            .cell = cell_gradient_.narrow(0, 0, sentences),
            .x = rows_.input_gradient.defined() ? piece.of(rows_.input_gradient) : Tensor(),
            .input = {},
            .weight = {},
            .bias = {},
            .sums = piece.of(sums_)};
  }

  /// Returns each sentence's row at its own last step, in the caller's order. Sentences without a row keep their first
  /// state.
  Tensor last_of(const Tensor& first, const Tensor& whole) const {
    return first.index_copy(0, order_, last_rows(whole, steps_));
  }

  LstmWeights weights_;
  LstmPanels panels_;
  std::shared_ptr<const Layout> layout_;
  Steps steps_;
  LayerRows rows_;
  State sentences_;                         // the first state, in the caller's order
  Tensor output_gradient_;                  // [N, H] gradient of the output; undefined: none
  State last_gradient_;                     // gradient of the last state
  Tensor order_;                            // [S]
  Tensor hidden_, cell_;                    // [S, H] the first state, in sorted order
  Tensor gates_, cells_;                    // [N, 4H], [N, H]
  Tensor hidden_gradient_, cell_gradient_;  // [S, H] of the state before the last step that ran backward
  Tensor sums_;                             // [N, 4H]
};

}  // namespace

std::unique_ptr<LayerPass> lstm_sequence(const LstmWeights& weights, const LstmPanels* panels,
                                         std::shared_ptr<const Layout> layout, LayerRows rows, const State& first) {
  return std::make_unique<LstmSequence>(weights, panels, std::move(layout), std::move(rows), first);
}

}  // namespace seq2seq::nn
