// The update as one pass: the same bits as clipping all gradients and then stepping.

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/nn/used_rows.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/clip.h"
#include "seq2seq/train/gradient_norm.h"
#include "seq2seq/train/optimizer.h"
#include "test/support/catch.h"
#include "test/support/registered.h"

namespace seq2seq::train {
namespace {

using namespace test;

/// Parameters larger than a block, many that share a block, and a table with gradients for a few rows.
NamedParameters some_parameters() {
  at::manual_seed(1);
  NamedParameters parameters{
      {"large", at::randn({300, 1003})}, {"table", at::randn({6000, 8})}, {"bias", at::randn({7})}};
  parameters.emplace_back("odd table", at::randn({50'000, 7}));
  for (int i = 0; i < 5; ++i) parameters.emplace_back("small" + std::to_string(i), at::randn({33, 12}));
  parameters.emplace_back("double", at::randn({40}, at::kDouble));
  for (auto& [name, parameter] : parameters) parameter.requires_grad_();
  return parameters;
}

void set_gradients(NamedParameters& parameters, int step, bool with_double) {
  at::manual_seed(static_cast<uint64_t>(10 + step));
  for (auto& [name, parameter] : parameters) {
    auto gradient = at::randn(parameter.sizes(), parameter.options().requires_grad(false));
    if (name.ends_with("table")) {
      gradient.zero_();
      const int64_t rows = gradient.size(0);
      for (const int64_t row : {int64_t{3}, rows - 1, int64_t{17} + step, rows / 2})
        gradient[row] = at::randn({gradient.size(1)});
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
  const bool with_double = GENERATE(false, true);  // then the norm is LibTorch's, and zero rows are unknown
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

/// Makes the gradients of tables sparse: the rows above and a row of zeros.
void make_sparse(NamedParameters& parameters) {
  for (auto& [name, parameter] : parameters) {
    if (!name.ends_with("table")) continue;
    auto& gradient = parameter.mutable_grad();
    const auto rows = at::cat({gradient.any(1).nonzero().squeeze(1), at::tensor({int64_t{1000}})});
    gradient = nn::sparse_gradient(nn::sum_of_rows(gradient.index_select(0, rows), rows), parameter.size(0));
  }
}

TEST_CASE("update: sparse gradients of tables give the bits of whole ones", "[train][update][optimizer]") {
  const auto kind = GENERATE_COPY(from_range(builtin_optimizers().names()));
  const auto clip_kind = GENERATE_COPY(from_range(builtin_clips().names()));
  const auto momentum = GENERATE(as<std::string>(), "0", "0.9"), decay = GENERATE(as<std::string>(), "0", "0.01");
  CAPTURE(kind, clip_kind, momentum, decay);
  const auto optimizers = builtin_optimizers();
  const auto options = small(optimizers, kind, {{"momentum", momentum}, {"weight_decay", decay}});
  const auto clip = builtin_clips().make({.kind = clip_kind, .options = nullptr});
  auto expected = some_parameters(), found = some_parameters();
  const auto whole = optimizers.make(options, expected), sparse = optimizers.make(options, found);
  REQUIRE(sparse->takes_sparse());
  for (int step = 0; step < 3; ++step) {
    set_gradients(expected, step, /*with_double=*/false);
    set_gradients(found, step, /*with_double=*/false);
    make_sparse(found);
    const auto gradients = gradients_of(expected);
    const auto norm = gradient_norm(gradients);
    clip->apply(gradients, norm);
    whole->step(0.1);
    const auto own = gradients_of(found);
    const auto read = read_gradients(own);
    CHECK(read.norm.item<double>() == norm.item<double>());
    const auto edit = clip->edit(norm.item<double>());
    sparse->step({.learning_rate = 0.1, .gradients = own, .edit = *edit, .used_rows = read.used_rows});
    for (size_t i = 0; i < expected.size(); ++i) {
      CAPTURE(step, expected[i].first);
      CHECK(found[i].second.equal(expected[i].second));
    }
  }
}

TEST_CASE("update: lazy Adam steps the used rows as Adam does, and leaves all others", "[train][update][optimizer]") {
  AdamOptions options{.learning_rate = 0.1, .weight_decay = 0.01, .lazy = true};
  options.decoupled = GENERATE(false, true);
  at::manual_seed(3);
  const auto start = at::randn({20, 6});
  const auto used = at::tensor({2, 3, 11}, at::kLong);
  NamedParameters table{{"table", start.clone().requires_grad_()}};
  NamedParameters alone{{"rows", start.index_select(0, used).clone().requires_grad_()}};  // a model of these rows only
  Adam lazy(options, table), plain({.learning_rate = 0.1, .weight_decay = 0.01, .decoupled = options.decoupled}, alone);
  for (int step = 0; step < 4; ++step) {
    const auto rows = at::randn({3, 6});
    table[0].second.mutable_grad() = nn::sparse_gradient({used, rows.clone()}, 20);
    alone[0].second.mutable_grad() = rows;
    const auto gradients = gradients_of(table);
    const auto read = read_gradients(gradients);
    lazy.step({.learning_rate = 0.1, .gradients = gradients, .edit = {}, .used_rows = read.used_rows});
    plain.step(0.1);
  }
  CHECK(at::allclose(table[0].second.index_select(0, used), alone[0].second, 0, 1e-6));
  auto others = table[0].second.detach().clone();
  others.index_copy_(0, used, start.index_select(0, used));
  CHECK(others.equal(start));
  const auto state = lazy.state();
  CHECK(state.tensors.at("table.exp_avg").any(1).nonzero().squeeze(1).equal(used));
}

TEST_CASE("gradients: the rows that are not all zero are found where they are few", "[train][clip]") {
  auto table = at::zeros({9, 4});
  table[2][3] = 1e-42F;  // its square is not a float32
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
