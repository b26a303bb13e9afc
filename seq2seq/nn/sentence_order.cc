#include "seq2seq/nn/sentence_order.h"

#include <utility>

#include <ATen/ops/argsort.h>
#include <ATen/ops/index_select.h>
#include <torch/csrc/autograd/custom_function.h>

#include "seq2seq/data/send.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

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

Tensor permuted(const Tensor& rows, const Tensor& order, const Tensor& inverse) {
  return PermutedRows::apply(rows, order, inverse);
}

SentenceOrder::SentenceOrder(const Layout& packed)
    : order_on_host_(at::argsort(packed.on_host().owner, /*stable=*/true)) {  // as data::sentence_order()
  const auto there = data::send_together({order_on_host_, at::argsort(order_on_host_)}, packed.owner.device());
  order_ = there[0];
  inverse_ = there[1];
}

Tensor SentenceOrder::by_sentence(const Tensor& packed) const {
  const auto device = packed.device();
  return permuted(packed, order_.to(device), inverse_.to(device));
}

Packed SentenceOrder::by_sentence(const Packed& ids, std::shared_ptr<const Layout> layout) const {
  const auto& kept = ids.ids_on_host;
  return {by_sentence(ids.rows), std::move(layout), kept.defined() ? kept.index_select(0, order_on_host_) : kept};
}

Tensor SentenceOrder::packed(const Tensor& by_sentence) const {
  const auto device = by_sentence.device();
  return permuted(by_sentence, inverse_.to(device), order_.to(device));
}

}  // namespace seq2seq::nn
