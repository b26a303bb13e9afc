#include "seq2seq/nn/output/output.h"

#include <torch/nn/functional/loss.h>

#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/operations.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

std::shared_ptr<OutputLayer> random_output(const std::string& kind, int64_t cells, int64_t words,
                                           at::ScalarType type = at::kDouble) {
  const auto outputs = builtin_outputs();
  auto output = outputs.make(small(outputs, kind), {.width = cells, .vocabulary = words});
  randomize(*output, 3, type);
  return output;
}

/// Returns the kinds that read only rows; others have separate tests.
std::vector<std::string> kinds_of_rows() {
  std::vector<std::string> kinds;
  for (const auto& kind : builtin_outputs().names())
    if (kind != "copy") kinds.push_back(kind);
  return kinds;
}

/// Returns the kinds with one matrix and one bias as parameters.
std::vector<std::string> linear_kinds() {
  std::vector<std::string> kinds;
  for (const auto& kind : kinds_of_rows())
    if (random_output(kind, 4, 11)->named_parameters().contains("weight")) kinds.push_back(kind);
  return kinds;
}

TEST_CASE("output: loss and gradients are those of torch's cross-entropy, smoothed or not",
          "[nn][output][witness][gradient]") {
  const auto kind = GENERATE_COPY(from_range(linear_kinds()));
  const double smoothing = GENERATE(0.0, 0.1, 0.5);
  CAPTURE(kind, smoothing);
  torch::manual_seed(1);
  const auto output = random_output(kind, 4, 11);
  auto x = torch::randn({6, 4}, torch::kDouble).requires_grad_();
  const auto targets = torch::randint(11, {6}, torch::kLong);
  const auto weight = torch::rand({6}, torch::kDouble);
  const auto loss = output->loss({.rows = x}, targets, {.label_smoothing = smoothing});

  auto y = x.detach().clone().requires_grad_();
  auto w = output->named_parameters()["weight"].detach().clone().requires_grad_();
  auto b = output->named_parameters()["bias"].detach().clone().requires_grad_();
  namespace F = torch::nn::functional;
  const auto witness =
      F::cross_entropy(torch::matmul(y, w.t()) + b, targets,
                       F::CrossEntropyFuncOptions().reduction(torch::kNone).label_smoothing(smoothing));
  CHECK(torch::allclose(loss, witness, 0, 1e-12));
  (loss * weight).sum().backward();
  (witness * weight).sum().backward();
  CHECK(torch::allclose(x.grad(), y.grad(), 0, 1e-12));
  CHECK(torch::allclose(output->named_parameters()["weight"].grad(), w.grad(), 0, 1e-12));
  CHECK(torch::allclose(output->named_parameters()["bias"].grad(), b.grad(), 0, 1e-12));
}

TEST_CASE("output: scores are minus the loss, and the best k are the k best scores", "[nn][output][property]") {
  const auto kind = GENERATE_COPY(from_range(kinds_of_rows()));
  const auto k = GENERATE(1, 3, 11, 20);
  CAPTURE(kind, k);
  torch::manual_seed(2);
  const auto output = random_output(kind, 4, 11, at::kFloat);
  const auto x = torch::randn({5, 4});
  std::vector<torch::Tensor> columns;
  for (int64_t word = 0; word < 11; ++word) {
    const auto target = torch::full({5}, word, torch::kLong);
    columns.push_back(output->score({.rows = x}, target));
    CHECK(torch::allclose(columns.back(), -output->loss({.rows = x}, target, {}).to(torch::kDouble), 1e-5, 1e-6));
  }
  const auto all = torch::stack(columns, 1);
  CHECK(torch::allclose(all.exp().sum(1), torch::ones({5}, torch::kDouble), 0, 1e-5));
  const auto best = output->top_k({.rows = x}, k, {});
  const auto [scores, ids] = all.topk(std::min(k, 11), 1);
  CHECK(torch::allclose(best.scores, scores, 0, 1e-6));
  CHECK(best.ids.equal(ids));
}

TEST_CASE("output: of equal scores at the last place, those with the lowest ids are taken", "[nn][output]") {
  const auto kind = GENERATE_COPY(from_range(linear_kinds()));
  CAPTURE(kind);
  constexpr int64_t words = 500;  // enough that a partial sort leaves equal values in any order
  const auto output = random_output(kind, 3, words, at::kFloat);
  const torch::NoGradGuard no_gradient;
  auto parameters = output->named_parameters();
  for (auto& parameter : parameters) parameter.value().zero_();
  const auto weight = parameters["weight"];
  for (int64_t word = 0; word < words; ++word) weight[word][0] = word % 7 == 3 ? 2.0 : word % 5 == 1 ? 1.0 : 0.0;
  const auto rows = torch::ones({4, 3});
  for (const int64_t k : {1, 5, 60, 72, 100, 200, 400, 499, 500}) {
    CAPTURE(k);
    const auto best = output->top_k({.rows = rows}, k, {});
    const auto witness = std::get<1>(output->log_probabilities({.rows = rows}).sort(/*stable=*/true, 1, true));
    CHECK(best.ids.equal(witness.narrow(1, 0, k)));
  }
}

TEST_CASE("output: a row with fewer words than asked for ends in impossible ones", "[nn][output]") {
  const auto kind = GENERATE_COPY(from_range(kinds_of_rows()));
  CAPTURE(kind);
  const auto output = random_output(kind, 2, 6, at::kFloat);
  const Bans bans{
      .words = {}, .rows = torch::tensor({1, 1, 1}, torch::kLong), .row_words = torch::tensor({0, 2, 5}, torch::kLong)};
  const auto best = output->top_k({.rows = torch::randn({2, 2})}, 5, bans);
  CHECK(best.scores[0].isfinite().all().item<bool>());
  CHECK(best.scores[1].isfinite().sum().item<int64_t>() == 3);
  const auto left = std::get<0>(best.ids[1].narrow(0, 0, 3).sort());
  CHECK(left.equal(torch::tensor({1, 3, 4}, torch::kLong)));
}

TEST_CASE("output: frozen parameters get no gradient, and what is left the same as before", "[nn][output][gradient]") {
  const auto kind = GENERATE_COPY(from_range(kinds_of_rows()));
  CAPTURE(kind);
  torch::manual_seed(1);
  const auto rows = torch::randn({6, 4}, torch::kDouble);
  const auto targets = torch::randint(11, {6}, torch::kLong);
  int64_t products = 0;  // of the last backward pass
  const auto gradients = [&](size_t frozen) {
    const auto output = random_output(kind, 4, 11);
    auto tensors = output->parameters();
    tensors.push_back(rows.clone().set_requires_grad(true));
    if (frozen < tensors.size()) tensors[frozen].set_requires_grad(false);
    const auto sum = output->loss({.rows = tensors.back()}, targets, {}).sum();
    products = products_in([&] { sum.backward(); });
    std::vector<torch::Tensor> found;
    for (const auto& tensor : tensors) found.push_back(tensor.grad());
    return found;
  };
  const auto all = gradients(1000);
  const int64_t whole = products;
  for (size_t frozen = 0; frozen < all.size(); ++frozen) {
    CAPTURE(frozen);
    const auto found = gradients(frozen);
    if (all[frozen].dim() == 2) CHECK(products < whole);  // a weight: one product less
    for (size_t i = 0; i < all.size(); ++i) CHECK((i == frozen ? !found[i].defined() : found[i].equal(all[i])));
  }
}

TEST_CASE("output: a share of the gradient given ahead changes neither loss nor gradient", "[nn][output][gradient]") {
  const auto kind = GENERATE_COPY(from_range(kinds_of_rows()));
  CAPTURE(kind);
  torch::manual_seed(1);
  const auto rows = torch::randn({6, 4}, torch::kDouble);
  const auto targets = torch::randint(11, {6}, torch::kLong);
  const auto scale = torch::rand({6}, torch::kDouble);
  const auto run = [&](const at::Tensor& row_scale) {
    const auto output = random_output(kind, 4, 11);
    auto x = rows.clone().set_requires_grad(true);
    const double smoothing = output->refuses_smoothing().empty() ? 0.1 : 0;
    const auto loss = output->loss({.rows = x}, targets, {.label_smoothing = smoothing, .row_scale = row_scale});
    loss.backward(scale);
    return std::vector<torch::Tensor>{loss.detach(), x.grad(), output->parameters().front().grad()};
  };
  const auto given = run(scale), not_given = run({});
  for (size_t i = 0; i < given.size(); ++i) CHECK(torch::allclose(given[i], not_given[i], 0, 1e-12));
}

TEST_CASE("output: banned words never come up, and equal scores come in order of ids", "[nn][output]") {
  const auto output = random_output("full", 2, 6, at::kFloat);
  const auto best = output->top_k({.rows = torch::randn({4, 2})}, 6, {.words = torch::tensor({0, 1}, torch::kLong)});
  CHECK(best.ids.sizes() == at::IntArrayRef({4, 4}));
  CHECK((best.ids >= 2).all().item<bool>());
  const torch::NoGradGuard no_gradient;
  for (auto& parameter : output->parameters()) parameter.zero_();
  const auto ids = output->top_k({.rows = torch::randn({3, 2})}, 4, {}).ids;
  CHECK(std::get<0>(ids.sort(1)).equal(ids));
}

}  // namespace
}  // namespace seq2seq::nn
