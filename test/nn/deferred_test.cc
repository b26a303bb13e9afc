#include "seq2seq/nn/deferred.h"

#include <optional>

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "test/support/catch.h"
#include "test/support/operations.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::grad;
using namespace seq2seq::test;

Tensor random(at::IntArrayRef shape) { return torch::randn(shape, torch::kDouble); }

/// A recurrence h = tanh(W (h + x) + b), five steps, fewer rows from step to step; `linear` is the product.
template <class Linear>
std::vector<Tensor> recurrence(const std::vector<Tensor>& x, const Linear& linear) {
  std::vector<Tensor> states{linear(x[0]).tanh()};
  for (size_t step = 1; step < x.size(); ++step)
    states.push_back(linear(states.back().narrow(0, 0, x[step].size(0)) + x[step]).tanh());
  return states;
}

struct Problem {
  explicit Problem(int64_t seed) {
    torch::manual_seed(static_cast<uint64_t>(seed));
    weight = random({3, 3}).requires_grad_();
    bias = random({3}).requires_grad_();
    for (const int64_t rows : {4, 4, 3, 1, 1}) x.push_back(random({rows, 3}).requires_grad_());
  }
  std::vector<Tensor> plain() const {
    return recurrence(x, [&](const Tensor& rows) { return at::addmm(bias, rows, weight.t()); });
  }
  std::vector<Tensor> deferred() const { return recurrence(x, DeferredLinear(weight, bias)); }
  std::vector<Tensor> leaves() const {
    auto all = x;
    all.push_back(weight);
    all.push_back(bias);
    return all;
  }

  Tensor weight, bias;
  std::vector<Tensor> x;
};

/// Compares; only the order of sums differs.
void check_close(const std::vector<Tensor>& found, const std::vector<Tensor>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    REQUIRE(found[i].defined() == expected[i].defined());
    if (expected[i].defined()) CHECK(torch::allclose(found[i], expected[i], 0, 1e-12));
  }
}

Tensor sum_of_squares(const std::vector<Tensor>& states) {
  Tensor sum = torch::zeros({}, torch::kDouble);
  for (const auto& state : states) sum = sum + (state * state).sum();
  return sum;
}

TEST_CASE("deferred: values and gradients are those of plain autograd", "[nn][deferred][gradient]") {
  const auto seed = GENERATE(range<int64_t>(1, 4));
  CAPTURE(seed);
  const Problem problem(seed);
  const auto plain = problem.plain(), deferred = problem.deferred();
  check_close(deferred, plain);
  check_close(grad({sum_of_squares(deferred)}, problem.leaves()), grad({sum_of_squares(plain)}, problem.leaves()));
}

TEST_CASE("deferred: the weight's gradient is one product, however many steps there are", "[nn][deferred]") {
  const auto products = [](size_t steps) {
    Problem problem(1);
    problem.x.assign(steps, random({4, 3}));  // without gradient
    const auto loss = sum_of_squares(problem.deferred());
    return products_in([&] { loss.backward(); });
  };
  CHECK(products(9) - products(1) == 8);  // gradients that pass back through each step
}

TEST_CASE("deferred: several roots, one after another or at once, each over some of the steps",
          "[nn][deferred][gradient]") {
  const Problem problem(2);
  const auto plain = problem.plain(), deferred = problem.deferred();
  const auto leaves = problem.leaves();
  const auto reaching = [&](const std::vector<Tensor>& states) {
    return grad({states[1], states[4], states[3]}, leaves,
                {torch::ones_like(states[1]), 2 * torch::ones_like(states[4]), Tensor(3 * states[3].detach())});
  };
  check_close(reaching(problem.deferred()), reaching(problem.plain()));
  const auto of_some = [&](const std::vector<Tensor>& states, size_t last) {
    return grad({sum_of_squares({states[last]})}, leaves, {}, /*retain_graph=*/true, /*create_graph=*/false,
                /*allow_unused=*/true);
  };
  for (const size_t last : {1, 4, 0, 4}) check_close(of_some(deferred, last), of_some(plain, last));
}

TEST_CASE("deferred: frozen parameters get no gradient, the others the same", "[nn][deferred][gradient]") {
  const bool weight_frozen = GENERATE(true, false), bias_frozen = GENERATE(true, false);
  CAPTURE(weight_frozen, bias_frozen);
  Problem problem(3);
  problem.weight.set_requires_grad(!weight_frozen);
  problem.bias.set_requires_grad(!bias_frozen);
  const auto gradients = [&](const std::vector<Tensor>& states) {
    for (const auto& leaf : problem.leaves()) leaf.mutable_grad() = Tensor();
    sum_of_squares(states).backward();
    std::vector<Tensor> all;
    for (const auto& leaf : problem.leaves()) all.push_back(leaf.grad());
    return all;
  };
  const auto expected = gradients(problem.plain());
  check_close(gradients(problem.deferred()), expected);
}

TEST_CASE("deferred: inputs alone, or the weight alone, can be asked for", "[nn][deferred][gradient]") {
  const Problem problem(4);
  const auto states = problem.deferred(), plain = problem.plain();
  for (const auto& wanted : {problem.x, std::vector<Tensor>{problem.weight}, std::vector<Tensor>{problem.bias}}) {
    check_close(grad({sum_of_squares(states)}, wanted, {}, true), grad({sum_of_squares(plain)}, wanted, {}, true));
  }
}

TEST_CASE("deferred: a weight that two batches defer gets the sum of both", "[nn][deferred][gradient]") {
  const Problem problem(5);
  const DeferredLinear first(problem.weight, problem.bias), second(problem.weight);
  const auto loss = [&](const auto& one, const auto& two) {
    return sum_of_squares(recurrence(problem.x, one)) + sum_of_squares(recurrence(problem.x, two)) +
           sum_of_squares({one(two(problem.x[0]))});
  };
  const auto found = grad({loss(first, second)}, problem.leaves());
  const auto expected = grad({loss([&](const Tensor& x) { return at::addmm(problem.bias, x, problem.weight.t()); },
                                   [&](const Tensor& x) { return at::mm(x, problem.weight.t()); })},
                             problem.leaves());
  check_close(found, expected);
}

TEST_CASE("deferred: steps without gradient leave nothing", "[nn][deferred]") {
  const Problem problem(6);
  const bool made_without = GENERATE(true, false);
  CAPTURE(made_without);
  std::optional<DeferredLinear> linear;
  {
    const torch::AutoGradMode mode(!made_without);
    linear.emplace(problem.weight, problem.bias);
  }
  std::vector<Tensor> states;
  {
    const torch::NoGradGuard no_gradient;
    states = recurrence(problem.x, *linear);
  }
  check_close(states, problem.plain());
  for (const auto& state : states) CHECK_FALSE(state.requires_grad());
}

TEST_CASE("deferred: nothing is kept after backward, nor by a backward pass that failed", "[nn][deferred]") {
  const Problem problem(7);
  const bool fails = GENERATE(true, false);
  CAPTURE(fails);
  const auto storages = [&] {
    std::vector<size_t> uses;
    for (const auto& x : problem.x) uses.push_back(x.storage().use_count());
    return uses;
  };
  const auto before = storages();
  {
    const DeferredLinear linear(problem.weight, problem.bias);
    bool throws = fails;
    auto first = linear(problem.x[0]);
    first.register_hook([&throws](const Tensor& gradient) {
      if (throws) throw std::runtime_error("on the way back");
      return gradient;
    });
    const auto loss = (linear(first.tanh()) + linear(problem.x[1])).sum();
    const auto pass = [&] { return grad({loss}, {problem.weight, problem.bias}, {}, /*retain_graph=*/fails); };
    if (fails) CHECK_THROWS_WITH(pass(), ContainsSubstring("on the way back"));
    throws = false;
    const auto plain = [&](const Tensor& x) { return at::addmm(problem.bias, x, problem.weight.t()); };
    const auto expected = (plain(plain(problem.x[0]).tanh()) + plain(problem.x[1])).sum();
    check_close(pass(), grad({expected}, {problem.weight, problem.bias}));
    if (!fails) CHECK(storages() == before);  // while the loss still holds the graph
  }
  CHECK(storages() == before);
}

TEST_CASE("deferred: rows of another width are refused with both shapes", "[nn][deferred][error]") {
  const Problem problem(8);
  const DeferredLinear linear(problem.weight);
  CHECK_THROWS_WITH(linear(random({2, 4})), ContainsSubstring("[2, 4]") && ContainsSubstring("[-1, 3]"));
}

}  // namespace
}  // namespace seq2seq::nn
