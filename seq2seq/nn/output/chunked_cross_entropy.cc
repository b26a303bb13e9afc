#include "seq2seq/nn/output/chunked_cross_entropy.h"

#include <algorithm>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "seq2seq/core/gpu_kernels.h"
#include "seq2seq/nn/kernels/softmax/softmax.h"
#include "seq2seq/nn/precision.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Rows of a chunk. Replaces the logits [n, V] by their derivatives and fills in the losses [n].
struct ChunkOfLosses {
  Tensor logits, targets, scale, losses;
  double smoothing;
};

void by_operations(const ChunkOfLosses& chunk) {
  auto z = chunk.logits, losses = chunk.losses;
  const auto column = chunk.targets.unsqueeze(1);
  const auto normalizer = z.logsumexp(1, /*keepdim=*/true);
  losses.copy_((normalizer - z.gather(1, column)).squeeze(1));
  if (chunk.smoothing > 0) losses.mul_(1 - chunk.smoothing).add_(normalizer.squeeze(1) - z.mean(1), chunk.smoothing);
  z.sub_(normalizer).exp_();
  if (chunk.smoothing > 0) z.sub_(chunk.smoothing / static_cast<double>(z.size(1)));
  z.scatter_add_(1, column, at::full({z.size(0), 1}, chunk.smoothing - 1, z.options()));
  z.mul_(chunk.scale.unsqueeze(1));
}

void by_kernel(const ChunkOfLosses& chunk) {
  kernels::softmax_on_gpu({.logits = chunk.logits.mutable_data_ptr<float>(),
                           .targets = chunk.targets.const_data_ptr<int64_t>(),
                           .scale = chunk.scale.const_data_ptr<float>(),
                           .losses = chunk.losses.mutable_data_ptr<float>(),
                           .rows = chunk.logits.size(0),
                           .words = chunk.logits.size(1),
                           .smoothing = static_cast<float>(chunk.smoothing)},
                          chunk.logits.device().index());
}

bool has_kernel(const Tensor& logits) {
  return logits.is_cuda() && logits.scalar_type() == at::kFloat && is_on(GpuKernel::softmax);
}

/// Products of the output layer. In bf16, operands are rounded and sums are float32.
class Products {
 public:
  explicit Products(const Tensor& like)
      : rounds_(!like.is_cpu() && like.scalar_type() == at::kFloat && current_precision() == Precision::bf16) {}
  /// Returns an operand in the type that the products take.
  Tensor operand(const Tensor& tensor) const { return rounds_ ? tensor.to(at::kBFloat16) : tensor; }
  void into(Tensor result, const Tensor& a, const Tensor& b) const {
    rounds_ ? at::mm_out(result, a, b, result.scalar_type()) : at::mm_out(result, a, b);
  }
  void add_to(Tensor sum, const Tensor& a, const Tensor& b) const {
    rounds_ ? sum.add_(at::mm(a, b, sum.scalar_type())) : sum.addmm_(a, b);
  }

 private:
  bool rounds_;
};

class ChunkedCrossEntropy : public torch::autograd::Function<ChunkedCrossEntropy> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const std::optional<Tensor>& bias, const Tensor& targets, const Tensor& scale, double smoothing,
                        int64_t rows_at_a_time) {
    const int64_t rows = x.size(0);
    const auto losses = at::empty({rows}, x.options());
    const auto dx = x.requires_grad() ? at::empty_like(x, at::MemoryFormat::Contiguous) : Tensor();
    auto dw = weight.requires_grad() ? at::zeros_like(weight, at::MemoryFormat::Contiguous) : Tensor();
    auto db = bias && bias->requires_grad() ? at::zeros_like(*bias) : Tensor();
    const Products products(x);
    const auto operand = products.operand(weight.detach()), rows_operand = products.operand(x.detach());
    const auto room = at::empty({std::min(rows, rows_at_a_time), weight.size(0)}, x.options());
    for (int64_t first = 0; first < rows; first += rows_at_a_time) {
      const int64_t count = std::min(rows_at_a_time, rows - first);
      const auto of = [&](const Tensor& all) { return all.narrow(0, first, count); };
      auto z = room.narrow(0, 0, count);  // [n, V]
      products.into(z, of(rows_operand), operand.t());
      if (bias) z.add_(*bias);
      const ChunkOfLosses chunk{z, of(targets), of(scale), of(losses), smoothing};
      has_kernel(z) ? by_kernel(chunk) : by_operations(chunk);
      const auto dz = products.operand(z);
      if (dx.defined()) products.into(of(dx), dz, operand);
      if (dw.defined()) products.add_to(dw, dz.t(), of(rows_operand));
      if (db.defined()) db.add_(z.sum(0));
    }
    context->save_for_backward({dx, dw, db});
    return losses;
  }

  static variable_list backward(AutogradContext* context, const variable_list&) {
    const auto saved = context->get_saved_variables();
    return {saved[0], saved[1], saved[2], Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

int64_t rows_per_chunk(int64_t rows, int64_t vocabulary) {
  constexpr int64_t bytes = int64_t{256} << 20, step = 256;
  const int64_t fitting = bytes / (4 * std::max<int64_t>(1, vocabulary)) / step * step;
  return std::max<int64_t>(1, std::min(rows, std::max(step, fitting)));
}

Tensor chunked_cross_entropy(const Tensor& rows, const Tensor& weight, const Tensor& bias, const Ids& targets,
                             const Tensor& row_scale, double smoothing, int64_t rows_at_a_time) {
  return ChunkedCrossEntropy::apply(rows, weight, bias.defined() ? std::optional(bias) : std::nullopt, targets,
                                    row_scale.to(rows.options()), smoothing, rows_at_a_time);
}

}  // namespace seq2seq::nn
