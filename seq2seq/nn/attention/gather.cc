#include "seq2seq/nn/attention/gather.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Returns `size` rows: `before` rows of zeros, then `rows`, then zeros again.
Tensor between_zeros(const Tensor& rows, int64_t before, int64_t size) {
  std::vector<int64_t> padding(static_cast<size_t>(2 * rows.dim()), 0);  // last dimension first
  padding[padding.size() - 2] = before;
  padding[padding.size() - 1] = size - before - rows.size(0);
  return at::constant_pad_nd(rows, padding);
}

Tensor gathered(const Tensor& rows, const Tensor& index) {
  return between_zeros(rows, 1, rows.size(0) + 1).index_select(0, index);
}

class Gather : public torch::autograd::Function<Gather> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& rows, const Tensor& index,
                        const std::vector<Tensor>* places) {  // a pointer, because gradients do not pass through them
    context->saved_data["rows"] = rows.size(0);
    context->saved_data["places"] = *places;
    return gathered(rows, index);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    Tensor sum;
    for (const Tensor& place : context->saved_data["places"].toTensorVector()) {
      const auto part = gathered(gradients[0], place);
      sum = sum.defined() ? sum + part : part;
    }
    const int64_t rows = context->saved_data["rows"].toInt();
    if (!sum.defined()) {
      auto shape = gradients[0].sizes().vec();
      shape[0] = 0;
      sum = at::zeros(shape, gradients[0].options());
    }
    return {between_zeros(sum, 0, rows), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor gather_rows(const Tensor& rows, const Tensor& index, const std::vector<Tensor>& places) {
  return Gather::apply(rows, index, &places);
}

}  // namespace seq2seq::nn
