#include "seq2seq/nn/output/tiled_cross_entropy.h"

#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/aminmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/kernels/operand_type.h"
#include "seq2seq/nn/output/cpu/cross_entropy.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const float* read(const Tensor& tensor) { return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr; }
float* write(const Tensor& tensor) { return tensor.defined() ? tensor.mutable_data_ptr<float>() : nullptr; }

struct Gradients {
  Tensor rows, weight, bias;
};

/// Returns the losses [N], and computes the gradients that are defined.
Tensor losses(const Tensor& rows, const Tensor& weight, const Tensor& bias, const Ids& targets, const Tensor& row_scale,
              double smoothing, const Gradients& gradients) {
  const auto x = rows.detach().contiguous(), w = weight.detach().contiguous(), y = targets.contiguous(),
             b = bias.defined() ? bias.detach().contiguous() : Tensor(),
             scale = row_scale.defined() ? row_scale.to(at::kFloat).contiguous() : Tensor();
  auto found = at::empty({x.size(0)}, x.options());
  if (x.size(0) == 0) {
    for (const auto* gradient : {&gradients.rows, &gradients.weight, &gradients.bias})
      if (gradient->defined()) gradient->zero_();
    return found;
  }
  const auto [least, greatest] = at::aminmax(y);
  TORCH_CHECK_INDEX(least.item<int64_t>() >= 0 && greatest.item<int64_t>() < w.size(0),
                    "target out of the vocabulary of ", w.size(0), " words");
  cpu::cross_entropy({.rows = read(x),
                      .weight = read(w),
                      .bias = read(b),
                      .targets = y.const_data_ptr<int64_t>(),
                      .scale = read(scale),
                      .count = x.size(0),
                      .width = x.size(1),
                      .words = w.size(0),
                      .smoothing = static_cast<float>(smoothing),
                      .losses = write(found),
                      .row_gradient = write(gradients.rows),
                      .weight_gradient = write(gradients.weight),
                      .bias_gradient = write(gradients.bias)},
                     best_isa(), kernels::operands_now());
  return found;
}

class TiledCrossEntropy : public torch::autograd::Function<TiledCrossEntropy> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& rows, const Tensor& weight,
                        const std::optional<Tensor>& bias, const Tensor& targets, const Tensor& row_scale,
                        double smoothing) {
    const auto room = [](const Tensor& of) {
      return of.defined() && of.requires_grad() ? at::empty_like(of, at::MemoryFormat::Contiguous) : Tensor();
    };
    const auto offset = bias.value_or(Tensor());
    const Gradients gradients{room(rows), room(weight), room(offset)};
    auto found = losses(rows, weight, offset, targets, row_scale, smoothing, gradients);
    context->save_for_backward({gradients.rows, gradients.weight, gradients.bias});
    return found;
  }

  static variable_list backward(AutogradContext* context, const variable_list&) {
    const auto saved = context->get_saved_variables();
    return {saved[0], saved[1], saved[2], Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

bool has_tiled_cross_entropy(const Tensor& rows, const Tensor& weight) {
  return rows.is_cpu() && weight.is_cpu() && rows.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
         (best_isa() != Isa::reference || kernels::operands_now() == kernels::Operands::bf16);
}

Tensor tiled_cross_entropy(const Tensor& rows, const Tensor& weight, const Tensor& bias, const Ids& targets,
                           const Tensor& row_scale, double smoothing) {
  if (!row_scale.defined() || !c10::GradMode::is_enabled())
    return losses(rows, weight, bias, targets, {}, smoothing, {});
  return TiledCrossEntropy::apply(rows, weight, bias.defined() ? std::optional(bias) : std::nullopt, targets, row_scale,
                                  smoothing);
}

}  // namespace seq2seq::nn
