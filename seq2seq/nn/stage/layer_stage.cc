#include <utility>

#include <ATen/ops/empty.h>

#include "seq2seq/nn/local_graph.h"
#include "seq2seq/nn/stage/passes.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

class LayerStagePass final : public StagePass {
 public:
  explicit LayerStagePass(LayerStage stage)
      : stage_(std::move(stage)),
        before_(stage_.before, stage_.layout),
        after_(stage_.after, stage_.layout),
        gradients_(stage_.parameters.size()) {
    const auto place = stage_.layer.place();
    const auto made = [&](int64_t width) {
      return at::empty({stage_.layout->rows(), width}, at::TensorOptions(place.type).device(place.device));
    };
    copies_ = stage_.in->place().device != place.device || before_.drops();
    rows_.input_gradient = stage_.in->add_reader(place.device);
    rows_.input = copies_ ? made(stage_.in->rows().size(1)) : stage_.in->rows();
    // The layer reads its own output again, so later changes need a copy.
    copies_out_ = after_.drops() || stage_.adds_input;
    rows_.output = copies_out_ ? made(stage_.layer.width()) : stage_.out->rows();
    if (stage_.first) first_reader_ = stage_.first->add_reader();
  }

  void forward(const Piece& piece) override {
    if (piece.first_step == 0) begin();
    if (copies_) hand_over(piece.of(stage_.in->rows()), piece.of(rows_.input));
    auto given = piece.of(stage_.out->rows());
    if (stage_.adds_input) given.copy_(piece.of(rows_.input));
    before_.apply(piece, piece.of(rows_.input));
    pass_->forward(piece);
    if (copies_out_) {
      const auto own = piece.of(rows_.output);
      if (!stage_.adds_input) given.copy_(own);
      if (stage_.adds_input && !stage_.left_out) given.add_(own);
      after_.apply(piece, given);
    }
    if (stage_.last && ends(piece)) stage_.last->publish(pass_->last());
  }

  void backward(const Piece& piece) override {
    if (!stage_.trains) return;
    stage_.out->collect(piece);
    const auto& output_gradient = stage_.out->gradient();
    if (ends(piece))
      pass_->begin_backward(stage_.left_out ? Tensor() : output_gradient,
                            stage_.last ? stage_.last->gradient(stage_.layer.place().device) : State());
    if (output_gradient.defined()) after_.apply_again(piece, piece.of(output_gradient));
    pass_->backward(piece);
    if (rows_.input_gradient.defined()) {
      auto input_gradient = piece.of(rows_.input_gradient);
      before_.apply_again(piece, input_gradient);
      if (stage_.adds_input && output_gradient.defined()) input_gradient.add_(piece.of(output_gradient));
    }
    if (stage_.first && piece.first_step == 0) stage_.first->answer(first_reader_, pass_->first_gradient());
  }

  void weights(const Piece& piece) override {
    if (stage_.trains) pass_->add_weight_gradients(piece, gradients_);
  }

  void deliver() override { nn::deliver(stage_.parameters, gradients_); }

 private:
  bool ends(const Piece& piece) const { return piece.last_step == stage_.layout->steps(); }

  void begin() {
    const auto device = stage_.layer.place().device;
    const auto first = stage_.first ? stage_.first->on(device) : stage_.layer.zero_state(stage_.layout->sentences);
    const LayerCall call{.draw = stage_.draw, .site = stage_.before.site, .prepared = stage_.prepared.get()};
    pass_ = stage_.layer.pass(stage_.layout, rows_, first, call);
    if (pass_ == nullptr) pass_ = autograd_pass(stage_.layer, stage_.parameters, stage_.layout, rows_, first, call);
  }

  LayerStage stage_;
  StageMask before_, after_;
  LayerRows rows_;
  bool copies_ = false, copies_out_ = false;  // true if `input` and `output` are separate memory
  size_t first_reader_ = 0;
  std::unique_ptr<LayerPass> pass_;
  std::vector<Tensor> gradients_;
};

}  // namespace

std::unique_ptr<StagePass> layer_stage_pass(LayerStage stage) {
  return std::make_unique<LayerStagePass>(std::move(stage));
}

}  // namespace seq2seq::nn
