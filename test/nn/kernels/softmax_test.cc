#include "seq2seq/nn/kernels/softmax/softmax.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include "test/support/catch.h"
#include "test/support/gpu.h"

namespace seq2seq::nn::kernels {
namespace {

struct Found {
  at::Tensor losses, gradient;
};

struct SoftmaxOperands {
  SoftmaxOperands(int64_t rows, int64_t words, double spread) {
    torch::manual_seed(3);
    logits = at::randn({rows, words}) * spread;
    targets = at::randint(words, {rows}, at::kLong);
    scale = at::rand({rows}) + 0.5;
  }
  SoftmaxRows rows(const Found& found, float smoothing) const {
    return {.logits = found.gradient.data_ptr<float>(),
            .targets = targets.const_data_ptr<int64_t>(),
            .scale = scale.const_data_ptr<float>(),
            .losses = found.losses.data_ptr<float>(),
            .rows = logits.size(0),
            .words = logits.size(1),
            .smoothing = smoothing};
  }
  SoftmaxOperands on(c10::Device device) const {
    auto there = *this;
    for (auto* tensor : {&there.logits, &there.targets, &there.scale}) *tensor = tensor->to(device);
    return there;
  }
  at::Tensor logits, targets, scale;
};

/// Computes log-softmax in double, differentiated by autograd.
Found witness(const SoftmaxOperands& of, double smoothing) {
  const auto z = of.logits.to(at::kDouble).requires_grad_();
  const auto p = z.log_softmax(1);
  const auto losses = -(1 - smoothing) * p.gather(1, of.targets.unsqueeze(1)).squeeze(1) - smoothing * p.mean(1);
  (losses * of.scale).sum().backward();
  return {losses.detach(), z.grad()};
}

SoftmaxOperands any_operands() {
  return GENERATE(SoftmaxOperands(1, 1, 1), SoftmaxOperands(3, 5, 1), SoftmaxOperands(4, 255, 3),
                  SoftmaxOperands(4, 256, 3), SoftmaxOperands(5, 257, 30), SoftmaxOperands(2, 3001, 5),
                  SoftmaxOperands(0, 7, 1));
}

void check(const Found& found, const Found& expected) {
  CHECK(at::allclose(found.losses.cpu().to(at::kDouble), expected.losses, 1e-6, 1e-6));
  CHECK(at::allclose(found.gradient.cpu().to(at::kDouble), expected.gradient, 1e-5, 1e-7));
}

TEST_CASE("softmax kernel: on the host it gives what log-softmax gives in double", "[nn][kernels][gradient]") {
  const auto of = any_operands();
  const float smoothing = GENERATE(0.0F, 0.1F, 1.0F);
  CAPTURE(of.logits.sizes(), smoothing);
  const Found found{at::full({of.logits.size(0)}, NAN), of.logits.clone()};
  softmax_on_host(of.rows(found, smoothing));
  check(found, witness(of, smoothing));
}

TEST_CASE("softmax kernel: on a GPU it gives what log-softmax gives in double, and the same bits twice",
          "[nn][kernels][gradient][gpu][small]") {
  const auto device = test::gpu();
  if (!device) return;
  const auto of = any_operands();
  const float smoothing = GENERATE(0.0F, 0.1F, 1.0F);
  CAPTURE(of.logits.sizes(), smoothing);
  const auto there = of.on(*device);
  const auto run = [&] {
    Found found{at::full({of.logits.size(0)}, NAN, there.scale.options()), there.logits.clone()};
    softmax_on_gpu(there.rows(found, smoothing), device->index());
    return found;
  };
  const auto found = run(), again = run();
  check(found, witness(of, smoothing));
  CHECK(found.losses.equal(again.losses));
  CHECK(found.gradient.equal(again.gradient));
}

}  // namespace
}  // namespace seq2seq::nn::kernels
