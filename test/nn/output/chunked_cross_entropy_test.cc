#include "seq2seq/nn/output/chunked_cross_entropy.h"

#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/function.h>
#include <torch/library.h>
#include <torch/nn/functional/loss.h>
#include <torch/utils.h>

#include "seq2seq/nn/output/output.h"
#include "seq2seq/nn/precision.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"
#include "test/support/test_device.h"

namespace seq2seq::nn {
namespace {

using namespace test;
using at::Tensor;

struct OutputOperands {
  OutputOperands(int64_t rows, int64_t width, int64_t words, c10::Device device = c10::kCPU) {
    torch::manual_seed(5);
    const auto random = [&](std::vector<int64_t> shape) { return at::randn(shape, at::kDouble).to(device); };
    x = random({rows, width}).requires_grad_();
    weight = random({words, width}).requires_grad_();
    bias = random({words}).requires_grad_();
    targets = at::randint(words, {rows}, at::kLong).to(device);
    scale = at::rand({rows}, at::kDouble).to(device);
  }
  Tensor x, weight, bias, targets, scale;
};

TEST_CASE("chunked output: losses and gradients are those of torch's cross-entropy, whatever the chunk",
          "[nn][output][witness][gradient]") {
  const double smoothing = GENERATE(0.0, 0.1);
  const int64_t chunk = GENERATE(1, 2, 5, 7, 100);
  const bool biased = GENERATE(false, true);
  CAPTURE(smoothing, chunk, biased);
  OutputOperands ours(7, 4, 11), theirs(7, 4, 11);
  const auto losses = chunked_cross_entropy(ours.x, ours.weight, biased ? ours.bias : Tensor(), ours.targets,
                                            ours.scale, smoothing, chunk);
  losses.backward(ours.scale);
  namespace F = torch::nn::functional;
  auto logits = at::matmul(theirs.x, theirs.weight.t());
  if (biased) logits = logits + theirs.bias;
  const auto expected = F::cross_entropy(
      logits, theirs.targets, F::CrossEntropyFuncOptions().reduction(torch::kNone).label_smoothing(smoothing));
  expected.backward(theirs.scale);
  CHECK(at::allclose(losses, expected, 0, 1e-12));
  CHECK(at::allclose(ours.x.grad(), theirs.x.grad(), 0, 1e-12));
  CHECK(at::allclose(ours.weight.grad(), theirs.weight.grad(), 0, 1e-12));
  if (biased) CHECK(at::allclose(ours.bias.grad(), theirs.bias.grad(), 0, 1e-12));
}

TEST_CASE("chunked output: what is frozen gets no gradient, and the rest the same as before",
          "[nn][output][gradient]") {
  const int frozen = GENERATE(0, 1, 2);
  OutputOperands whole(5, 4, 6), some(5, 4, 6);
  const std::vector<Tensor> all{whole.x, whole.weight, whole.bias}, kept{some.x, some.weight, some.bias};
  kept[static_cast<size_t>(frozen)].set_requires_grad(false);
  for (auto* of : {&whole, &some})
    chunked_cross_entropy(of->x, of->weight, of->bias, of->targets, of->scale, 0, 2).backward(of->scale);
  for (size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i, frozen);
    if (static_cast<int>(i) == frozen) {
      CHECK_FALSE(kept[i].grad().defined());
    } else {
      CHECK(all[i].grad().equal(kept[i].grad()));
    }
  }
}

TEST_CASE("chunked output: no tensor holds the logits of all rows", "[nn][output]") {
  const auto device = test_device(3);
  const OutputOperands of(64, 4, 50, device);
  const FullTestDevice small(3, 8 * 50 * 10);  // the logits of ten rows
  const auto run = [&](int64_t chunk) {
    chunked_cross_entropy(of.x, of.weight, of.bias, of.targets, of.scale, 0.1, chunk).backward(of.scale);
  };
  CHECK_NOTHROW(run(8));
  CHECK_THROWS_WITH(run(64), ContainsSubstring("out of memory"));
}

/// Imitates LibTorch's products on a GPU, with operands in bf16 and results in float32.
Tensor product_of_rounded(const Tensor& a, const Tensor& b, at::ScalarType type) {
  TORCH_CHECK(a.scalar_type() == at::kBFloat16 && b.scalar_type() == at::kBFloat16 && type == at::kFloat);
  return at::mm(a.cpu().to(type), b.cpu().to(type)).to(a.device());
}
Tensor& product_of_rounded_out(const Tensor& a, const Tensor& b, at::ScalarType type, Tensor& out) {
  return out.copy_(product_of_rounded(a, b, type));
}
TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("mm.dtype", product_of_rounded);
  library.impl("mm.dtype_out", product_of_rounded_out);
}

TEST_CASE("chunked output: bf16 rounds the operands, and what comes out is float32", "[nn][output]") {
  const OutputOperands exact(20, 16, 30);
  chunked_cross_entropy(exact.x, exact.weight, exact.bias, exact.targets, exact.scale, 0, 8).backward(exact.scale);
  const auto device = test_device(2);
  const auto leaf = [&](const Tensor& of) { return of.detach().to(at::kFloat).to(device).requires_grad_(); };
  const auto x = leaf(exact.x), weight = leaf(exact.weight), bias = leaf(exact.bias);
  const auto scale = exact.scale.to(at::kFloat).to(device);
  set_precision(Precision::bf16);
  const auto losses = chunked_cross_entropy(x, weight, bias, exact.targets.to(device), scale, 0, 8);
  set_precision(Precision::float32);
  losses.backward(scale);
  for (const auto& [ours, theirs] : {std::pair(x, exact.x), std::pair(weight, exact.weight)}) {
    const auto gradient = ours.grad().cpu();
    CHECK(gradient.scalar_type() == at::kFloat);
    const auto error = (gradient - theirs.grad()).abs().max().item<double>() / theirs.grad().abs().max().item<double>();
    CHECK(error < 0.03);    // bf16 has 8 bits
    CHECK(error > 0.0005);  // float32 would be nearer
  }
}

TEST_CASE("chunked output: rows a chunk keep its logits within 256 MB", "[nn][output]") {
  CHECK(rows_per_chunk(100, 8) == 100);
  CHECK(rows_per_chunk(100'000, 80'000) == 768);
  CHECK(rows_per_chunk(100'000, 160'000) == 256);
  CHECK(rows_per_chunk(100'000, 10'000'000) == 256);
  CHECK(rows_per_chunk(0, 8) == 1);
  for (const int64_t words : {1'000, 16'000, 30'000, 80'000}) {
    const int64_t rows = rows_per_chunk(1'000'000, words);
    CHECK(rows % 256 == 0);
    CHECK(rows * words * 4 <= int64_t{256} << 20);
    CHECK((rows + 256) * words * 4 > int64_t{256} << 20);
  }
}

TEST_CASE("chunked output: a full output layer computes so where its rows' gradients are known ahead",
          "[nn][output][placement]") {
  const auto outputs = builtin_outputs();
  const auto device = test_device(4);
  const auto make = [&](c10::Device place) {
    auto output =
        outputs.make(small(outputs, "full"),
                     {.width = 4, .vocabulary = 50, .placement = {.device = place, .parts = {}, .output = {}}});
    randomize(*output, 3, at::kDouble);
    return output;
  };
  const OutputOperands here(300, 4, 50), there(300, 4, 50, device);
  const auto expected = make(c10::kCPU)->loss({.rows = here.x}, here.targets, {.label_smoothing = 0.1});
  expected.backward(here.scale);
  const auto output = make(device);
  const auto losses =
      output->loss({.rows = there.x}, there.targets, {.label_smoothing = 0.1, .row_scale = there.scale});
  losses.backward(there.scale);
  CHECK(at::allclose(losses.cpu(), expected, 0, 1e-12));
  CHECK(at::allclose(there.x.grad().cpu(), here.x.grad(), 0, 1e-12));
  CHECK_THAT(losses.grad_fn()->name(), ContainsSubstring("ChunkedCrossEntropy"));
}

}  // namespace
}  // namespace seq2seq::nn
