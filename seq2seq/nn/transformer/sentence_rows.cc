#include "seq2seq/nn/transformer/sentence_rows.h"

#include <utility>

#include <ATen/ops/argsort.h>
#include <ATen/ops/index_select.h>
#include <torch/csrc/autograd/custom_function.h>

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// A permutation of rows. Its gradient is the inverse one, where index_select would add up rows one by one.
class PermutedRows : public torch::autograd::Function<PermutedRows> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& rows, const Tensor& order,
                        const Tensor& inverse) {
    context->save_for_backward({inverse});
    return rows.index_select(0, order);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0].index_select(0, context->get_saved_variables()[0]), Tensor(), Tensor()};
  }
};

}  // namespace

SentenceOrder::SentenceOrder(const Layout& packed)
    : order_(data::sentence_order(packed)), inverse_(at::argsort(order_)) {}

Tensor SentenceOrder::by_sentence(const Tensor& packed) const {
  const auto device = packed.device();
  return PermutedRows::apply(packed, order_.to(device), inverse_.to(device));
}

Tensor SentenceOrder::packed(const Tensor& by_sentence) const {
  const auto device = by_sentence.device();
  return PermutedRows::apply(by_sentence, inverse_.to(device), order_.to(device));
}

SentenceRows SentenceRows::on(c10::Device device) const {
  auto there = *this;
  there.layout = layout->on(device);
  if (rotation.cosine.defined()) there.rotation = {rotation.cosine.to(device), rotation.sine.to(device)};
  return there;
}

SentenceRows sentence_rows(const Layout& packed, const SentenceOrder& order, const Draw* draw, bool drops_weights) {
  auto layout = data::new_layout();
  layout->sentences = packed.sentences;
  layout->lengths = packed.lengths;
  layout->owner = order.by_sentence(packed.owner);
  layout->position = order.by_sentence(packed.position);
  layout->key = packed.key;
  SentenceRows rows{.layout = std::move(layout), .rotation = {}, .draw = draw};
  if (draw == nullptr || !drops_weights || packed.rows() == 0) return rows;
  const auto keys = packed.key.to(at::kCPU).contiguous();
  rows.keys.assign(keys.const_data_ptr<int64_t>(), keys.const_data_ptr<int64_t>() + keys.numel());
  rows.first_position = packed.position[0].item<int64_t>();
  return rows;
}

Tensor dropped(const Tensor& rows, const SentenceRows& at, double share, Site site) {
  return dropout({rows, at.layout}, share, site, at.draw).rows;
}

}  // namespace seq2seq::nn
