#include "seq2seq/train/gradient_source.h"

namespace seq2seq::train {

std::vector<at::Tensor> SerialGradients::accumulate(const std::vector<data::Batch>& batches, double divisor,
                                                    const nn::Draw& draw) {
  std::vector<at::Tensor> losses;
  const auto type = model_.parameters().front().scalar_type();
  for (const auto& made : batches) {
    const auto batch = data::to(made, model_.input_device());
    const auto scale = row_scale(batch, divisor, type);  // [N]
    const auto rows = token_losses(model_, batch, options_, scale, &draw);
    rows.backward(scale.to(rows.device()));
    losses.push_back(weighted(rows.detach(), batch));
  }
  return losses;
}

}  // namespace seq2seq::train
