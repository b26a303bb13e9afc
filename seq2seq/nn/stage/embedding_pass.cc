#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include "seq2seq/nn/local_graph.h"
#include "seq2seq/nn/stage/passes.h"

namespace seq2seq::nn {
namespace {

class EmbeddingPass final : public StagePass {
 public:
  EmbeddingPass(const Embedding& embedding, const Packed& ids, const StageDropout& dropout, const WordDropout& words,
                std::shared_ptr<RowFlow> out)
      : embedding_(embedding),
        weight_(embedding.weight()),
        ids_(data::to(ids, weight_.device())),
        mask_(dropout, ids_.layout),
        out_(std::move(out)) {
    if (words.share > 0 && dropout.draw != nullptr && ids_.rows.size(0) > 0)
      kept_ = sent(word_mask(ids, words, dropout.site.part, *dropout.draw), out_->rows().options());
  }

  void forward(const Piece& piece) override {
    auto rows = piece.of(out_->rows());
    at::index_select_out(rows, weight_.detach(), 0, piece.of(ids_.rows));
    if (kept_.defined()) rows.mul_(piece.of(kept_));
    mask_.apply(piece, rows);
  }

  void backward(const Piece& piece) override {
    if (!out_->wanted()) return;
    out_->collect(piece);
    auto gradient = piece.of(out_->gradient());
    mask_.apply_again(piece, gradient);
    if (kept_.defined()) gradient.mul_(piece.of(kept_));
  }

  /// Makes one call for all rows: on a GPU, adding to a sum over words piece by piece would have no fixed order.
  void weights(const Piece& piece) override {
    rows_ += piece.rows();
    if (rows_ == 0 || rows_ < ids_.rows.size(0) || !out_->gradient().defined()) return;
    gradients_[0] = embedding_.weight_gradient(out_->gradient(), ids_.rows);
  }

  void deliver() override { nn::deliver({weight_}, gradients_); }

 private:
  const Embedding& embedding_;
  at::Tensor weight_;
  Packed ids_;
  StageMask mask_;
  at::Tensor kept_;  // [N, 1] factors of the words; undefined: none is dropped
  std::shared_ptr<RowFlow> out_;
  int64_t rows_ = 0;  // rows for which weights() was called
  std::vector<at::Tensor> gradients_{1};
};

}  // namespace

void StageMask::apply(const Piece& piece, at::Tensor rows) {
  if (!drops() || piece.rows() == 0) return;
  if (!mask_.defined()) mask_ = at::empty({layout_->rows(), rows.size(1)}, rows.options());
  const auto steps = data::chunk({mask_, layout_}, piece.first_step, piece.last_step);
  piece.of(mask_).copy_(dropout_mask(*steps.layout, rows.size(1), dropout_.share, dropout_.site, *dropout_.draw),
                        /*non_blocking=*/true);
  rows.mul_(piece.of(mask_));
}

void StageMask::apply_again(const Piece& piece, at::Tensor rows) const {
  if (mask_.defined()) rows.mul_(piece.of(mask_));
}

std::unique_ptr<StagePass> embedding_pass(const Embedding& embedding, const Packed& ids, const StageDropout& dropout,
                                          const WordDropout& words, std::shared_ptr<RowFlow> out) {
  return std::make_unique<EmbeddingPass>(embedding, ids, dropout, words, std::move(out));
}

}  // namespace seq2seq::nn
