#include "seq2seq/nn/output/tiled_cross_entropy.h"

#include <array>
#include <cmath>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/nn/functional/loss.h>
#include <torch/utils.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/output/cpu/cross_entropy.h"
#include "seq2seq/nn/output/output.h"
#include "test/nn/kernels/variants.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace test;
using at::Tensor;
using Catch::Generators::table;

struct TiledSizes {
  int64_t rows, width, words;
};

/// Random operands in float32.
struct TiledOperands {
  TiledOperands(TiledSizes of, double spread, bool biased) {
    torch::manual_seed(7);
    rows = at::randn({of.rows, of.width});
    weight = at::randn({of.words, of.width}) * spread;
    if (biased) bias = at::randn({of.words});
    targets = at::randint(of.words, {of.rows}, at::kLong);
    scale = at::rand({of.rows}) + 0.1;
  }
  Tensor rows, weight, bias, targets, scale;
};

/// Losses, and the derivatives by rows, weight and bias.
using Results = std::array<Tensor, 4>;

Results by_kernels(const TiledOperands& of, double smoothing, const Variant& variant, bool rows = true,
                   bool weight = true, bool bias = true) {
  const auto room = [](bool wanted, const Tensor& like) {
    return wanted && like.defined() ? at::full_like(like, NAN) : Tensor();
  };
  Results found{at::full_like(of.scale, NAN), room(rows, of.rows), room(weight, of.weight), room(bias, of.bias)};
  const auto write = [](const Tensor& to) { return to.defined() ? to.mutable_data_ptr<float>() : nullptr; };
  cpu::cross_entropy({.rows = of.rows.const_data_ptr<float>(),
                      .weight = of.weight.const_data_ptr<float>(),
                      .bias = of.bias.defined() ? of.bias.const_data_ptr<float>() : nullptr,
                      .targets = of.targets.const_data_ptr<int64_t>(),
                      .scale = of.scale.const_data_ptr<float>(),
                      .count = of.rows.size(0),
                      .width = of.rows.size(1),
                      .words = of.weight.size(0),
                      .smoothing = static_cast<float>(smoothing),
                      .losses = write(found[0]),
                      .row_gradient = write(found[1]),
                      .weight_gradient = write(found[2]),
                      .bias_gradient = write(found[3])},
                     variant.isa, variant.operands);
  return found;
}

/// Computes them by LibTorch's cross-entropy in the given type.
Results witness(const TiledOperands& of, double smoothing, at::ScalarType type) {
  const auto leaf = [&](const Tensor& tensor) { return tensor.to(type, false, true).requires_grad_(); };
  const auto x = leaf(of.rows), w = leaf(of.weight), b = of.bias.defined() ? leaf(of.bias) : Tensor();
  auto logits = at::matmul(x, w.t());
  if (b.defined()) logits = logits + b;
  namespace F = torch::nn::functional;
  const auto losses = F::cross_entropy(logits, of.targets,
                                       F::CrossEntropyFuncOptions().reduction(torch::kNone).label_smoothing(smoothing));
  losses.backward(of.scale.to(type));
  return {losses.detach(), x.grad(), w.grad(), b.defined() ? b.grad() : Tensor()};
}

/// Returns the largest difference between the results, relative to the largest number in `exact` or the largest
/// summand, because summands that cancel leave their rounding.
double error(const Results& found, const Results& exact, size_t result, const TiledOperands& of) {
  const auto largest = [](const Tensor& tensor) { return tensor.abs().max().item<double>(); };
  const std::array<double, 4> summand{1, largest(of.scale) * largest(of.weight), largest(of.scale) * largest(of.rows),
                                      largest(of.scale)};
  return largest(found.at(result).to(at::kDouble) - exact.at(result)) /
         std::max(summand.at(result), largest(exact.at(result)));
}

TEST_CASE("tiled output: losses and gradients are those of torch's cross-entropy in double, and as near as float32's",
          "[nn][kernels][output][witness][gradient]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto sizes =
      GENERATE(TiledSizes{1, 1, 1}, TiledSizes{1, 5, 3}, TiledSizes{7, 4, 11}, TiledSizes{33, 17, 49},
               TiledSizes{100, 3, 1}, TiledSizes{31, 40, 1000}, TiledSizes{130, 257, 70}, TiledSizes{700, 20, 301});
  const auto [smoothing, spread, biased] = GENERATE(table<double, double, bool>(
      {{0.0, 0.3, false}, {0.0, 12.0, true}, {0.1, 0.3, true}, {0.1, 12.0, false}, {1.0, 0.3, true}}));
  CAPTURE(name(isa), sizes.rows, sizes.width, sizes.words, smoothing, spread, biased);
  const TiledOperands of(sizes, spread, biased);
  const auto found = by_kernels(of, smoothing, {isa});
  const auto exact = witness(of, smoothing, at::kDouble), single = witness(of, smoothing, at::kFloat);
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    REQUIRE(found[i].defined() == exact[i].defined());
    if (!exact[i].defined()) continue;
    CHECK(error(found, exact, i, of) < 3e-6 + 10 * error(single, exact, i, of));
  }
}

TEST_CASE("tiled output: bf16 rounds what the logits are products of, and moves gradients by its rounding alone",
          "[nn][kernels][output][witness][gradient]") {
  const auto variant = GENERATE_COPY(from_range(bf16_variants()));
  const auto sizes =
      GENERATE(TiledSizes{1, 5, 3}, TiledSizes{33, 17, 49}, TiledSizes{130, 257, 70}, TiledSizes{300, 20, 501});
  const double smoothing = GENERATE(0.0, 0.1);
  CAPTURE(variant, sizes.rows, sizes.width, sizes.words, smoothing);
  const TiledOperands of(sizes, 0.3, true);
  TiledOperands rounded = of;
  for (auto* operand : {&rounded.rows, &rounded.weight}) *operand = operand->to(at::kBFloat16).to(at::kFloat);
  const auto found = by_kernels(of, smoothing, variant);
  const auto exact = witness(rounded, smoothing, at::kDouble);
  CHECK(error(found, exact, 0, of) < 1e-5);
  const double half_unit = std::ldexp(1.0, -9);  // of bf16: the largest rounding error
  for (const size_t gradient : {1, 2, 3}) {
    CAPTURE(gradient);
    CHECK(error(found, exact, gradient, of) < 2 * half_unit);  // of either operand
  }
}

TEST_CASE("tiled output: several chunks of rows give what torch's cross-entropy gives",
          "[nn][kernels][output][witness][gradient]") {
  const TiledOperands of({300, 3, 130'000}, 1, true);  // 39 million logits: 3 chunks
  const auto found = by_kernels(of, 0.1, {best_isa()});
  const auto exact = witness(of, 0.1, at::kDouble);
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(error(found, exact, i, of) < 1e-5);
  }
}

TEST_CASE("tiled output: the same bits on any number of threads", "[nn][kernels][output]") {
  const auto variant = GENERATE_COPY(from_range(variants()));
  const TiledOperands of({901, 36, 500}, 1, true);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto alone = by_kernels(of, 0.1, variant);
  for (const int team : {2, 3}) {
    at::set_num_threads(team);
    const auto together = by_kernels(of, 0.1, variant);
    for (size_t i = 0; i < alone.size(); ++i) CHECK(alone[i].equal(together[i]));
  }
  at::set_num_threads(threads);
}

TEST_CASE("tiled output: a row has the same loss and gradient alone and among others", "[nn][kernels][output]") {
  const auto variant = GENERATE_COPY(from_range(variants()));
  const TiledOperands all({70, 12, 90}, 1, true);
  const auto among = by_kernels(all, 0.1, variant);
  for (const int64_t row : {0, 31, 69}) {
    TiledOperands one = all;
    for (auto* tensor : {&one.rows, &one.targets, &one.scale}) *tensor = tensor->narrow(0, row, 1).contiguous();
    const auto alone = by_kernels(one, 0.1, variant);
    CHECK(alone[0].equal(among[0].narrow(0, row, 1)));
    CHECK(alone[1].equal(among[1].narrow(0, row, 1)));
  }
}

TEST_CASE("tiled output: what is not wanted is not computed, and the rest has the same bits",
          "[nn][kernels][output][gradient]") {
  const auto variant = GENERATE_COPY(from_range(variants()));
  const TiledOperands of({50, 9, 60}, 1, true);
  const auto all = by_kernels(of, 0.1, variant);
  const unsigned wanted = GENERATE(range(0U, 8U));
  const auto some = by_kernels(of, 0.1, variant, (wanted & 1U) != 0, (wanted & 2U) != 0, (wanted & 4U) != 0);
  for (size_t i = 0; i < all.size(); ++i)
    if (some[i].defined()) CHECK(some[i].equal(all[i]));
}

TEST_CASE("tiled output: a full layer on the CPU uses it in float32, with and without gradients",
          "[nn][output][gradient]") {
  if (best_isa() == Isa::reference) return;  // LibTorch computes it
  const auto outputs = builtin_outputs();
  const auto output = outputs.make(small(outputs, "full"), {.width = 4, .vocabulary = 50});
  randomize(*output, 3, at::kFloat);
  const TiledOperands of({9, 4, 50}, 1, false);
  const auto x = of.rows.clone().requires_grad_();
  const LossSpec spec{.label_smoothing = 0.1, .row_scale = of.scale};
  const auto tiled = output->loss({.rows = x}, of.targets, spec);
  CHECK_THAT(tiled.grad_fn()->name(), ContainsSubstring("TiledCrossEntropy"));
  tiled.backward(of.scale);
  const auto y = of.rows.clone().requires_grad_();
  const auto composed = output->loss({.rows = y}, of.targets, {.label_smoothing = 0.1});
  CHECK_THAT(composed.grad_fn()->name(), !ContainsSubstring("TiledCrossEntropy"));
  composed.backward(of.scale);
  CHECK(at::allclose(tiled, composed, 1e-5, 1e-5));
  CHECK(at::allclose(x.grad(), y.grad(), 1e-5, 1e-5));
  const at::NoGradGuard no_gradient;
  CHECK(output->loss({.rows = x}, of.targets, spec).equal(tiled));
}

TEST_CASE("tiled output: without rows there is no loss, and the gradients are zero", "[nn][output][gradient]") {
  if (best_isa() == Isa::reference) return;  // LibTorch computes it
  const TiledOperands of({0, 4, 5}, 1, true);
  const auto x = of.rows.clone().requires_grad_(), w = of.weight.clone().requires_grad_(),
             b = of.bias.clone().requires_grad_();
  const auto found = tiled_cross_entropy(x, w, b, of.targets, of.scale, 0.1);
  CHECK(found.numel() == 0);
  found.sum().backward();
  CHECK(w.grad().count_nonzero().item<int64_t>() == 0);
  CHECK(b.grad().count_nonzero().item<int64_t>() == 0);
  const at::NoGradGuard no_gradient;
  CHECK(tiled_cross_entropy(x, w, b, of.targets, {}, 0).numel() == 0);
}

TEST_CASE("tiled output: a target beyond the vocabulary is an error", "[nn][output][error]") {
  const TiledOperands of({3, 4, 5}, 1, false);
  const at::NoGradGuard no_gradient;
  const auto targets = of.targets.clone();
  targets[1] = 5;
  CHECK_THROWS_WITH(tiled_cross_entropy(of.rows, of.weight, {}, targets, {}, 0), ContainsSubstring("vocabulary of 5"));
}

}  // namespace
}  // namespace seq2seq::nn
