// The update as one pass: the same bits as clipping all gradients and then stepping.

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/train/clip.h"
#include "seq2seq/train/gradient_norm.h"
#include "seq2seq/train/optimizer.h"
#include "test/support/catch.h"
#include "test/support/registered.h"

namespace seq2seq::train {
namespace {

using namespace test;

/// Parameters of more than a block, of many to a block, and a table of which a few rows have a gradient.
NamedParameters some_parameters() {
  at::manual_seed(1);
  NamedParameters parameters{
      {"large", at::randn({300, 1003})}, {"table", at::randn({6000, 8})}, {"bias", at::randn({7})}};
  for (int i = 0; i < 5; ++i) parameters.emplace_back("small" + std::to_string(i), at::randn({33, 12}));
  parameters.emplace_back("double", at::randn({40}, at::kDouble));
  for (auto& [name, parameter] : parameters) parameter.requires_grad_();
  return parameters;
}

void set_gradients(NamedParameters& parameters, int step, bool with_double) {
  at::manual_seed(static_cast<uint64_t>(10 + step));
  for (auto& [name, parameter] : parameters) {
    auto gradient = at::randn(parameter.sizes(), parameter.options().requires_grad(false));
    if (name == "table") {
      gradient.zero_();
      for (const int64_t row : {3, 5, 5999, 17 + step}) gradient[row] = at::randn({8});
    }
    if (name == "double" && !with_double) continue;
    parameter.mutable_grad() = gradient;
  }
}

std::vector<at::Tensor> gradients_of(const NamedParameters& parameters) {
  std::vector<at::Tensor> gradients;
  for (const auto& [name, parameter] : parameters) gradients.push_back(parameter.grad());
  return gradients;
}

TEST_CASE("update: one pass over each parameter gives the bits of clipping and stepping",
          "[train][update][optimizer]") {
  const auto kind = GENERATE_COPY(from_range(builtin_optimizers().names()));
  const auto clip_kind = GENERATE_COPY(from_range(builtin_clips().names()));
  const auto momentum = GENERATE(as<std::string>(), "0", "0.9"), decay = GENERATE(as<std::string>(), "0", "0.01");
  const bool with_double = GENERATE(false, true);  // then the norm is LibTorch's, and no row is known to be zero
  const int threads = GENERATE(1, 3);
  CAPTURE(kind, clip_kind, momentum, decay, with_double, threads);
  const int threads_before = at::get_num_threads();
  at::set_num_threads(threads);
  const auto optimizers = builtin_optimizers();
  const auto options = small(optimizers, kind, {{"momentum", momentum}, {"weight_decay", decay}});
  const auto clip = builtin_clips().make({.kind = clip_kind, .options = nullptr});
  auto expected = some_parameters(), found = some_parameters();
  const auto whole = optimizers.make(options, expected), blocks = optimizers.make(options, found);
  for (int step = 0; step < 3; ++step) {
    set_gradients(expected, step, with_double);
    set_gradients(found, step, with_double);
    const auto gradients = gradients_of(expected);
    clip->apply(gradients, gradient_norm(gradients));
    whole->step(0.1);
    const auto own = gradients_of(found);
    const auto read = read_gradients(own);
    const auto edit = clip->edit(read.norm.item<double>());
    REQUIRE(edit.has_value());
    blocks->step({.learning_rate = 0.1, .gradients = own, .edit = *edit, .used_rows = read.used_rows});
    for (size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(step, expected[i].first);
      CHECK(found[i].second.equal(expected[i].second));
    }
  }
  at::set_num_threads(threads_before);
}

TEST_CASE("gradients: the rows that are not all zero are found where they are few", "[train][clip]") {
  auto table = at::zeros({9, 4});
  table[2][3] = 1e-42F;  // its square is no float32
  table[4][0] = std::numeric_limits<float>::quiet_NaN();
  table[7][1] = -2;
  table[8][1] = -0.0F;
  const auto read = read_gradients({at::Tensor(), table, at::randn({9, 4}), at::randn({5})});
  CHECK(std::isnan(read.norm.item<double>()));
  REQUIRE(read.used_rows.size() == 4);
  CHECK(read.used_rows[1].equal(at::tensor({2, 4, 7}, at::kLong)));
  for (const size_t other : {0, 2, 3}) CHECK_FALSE(read.used_rows[other].defined());
}

}  // namespace
}  // namespace seq2seq::train
