#include "seq2seq/nn/output/output.h"

#include <torch/nn/functional/loss.h>

#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

std::shared_ptr<OutputLayer> random_output(const std::string& kind, int64_t cells, int64_t words,
                                           at::ScalarType type = at::kDouble) {
  auto output = builtin_outputs().make({.kind = kind, .options = nullptr}, {.cells = cells, .vocabulary = words});
  randomize(*output, 3, type);
  return output;
}

TEST_CASE("output: loss and gradients are those of torch's cross-entropy, smoothed or not",
          "[nn][output][witness][gradient]") {
  const auto kind = GENERATE_COPY(from_range(builtin_outputs().names()));
  const double smoothing = GENERATE(0.0, 0.1, 0.5);
  CAPTURE(kind, smoothing);
  torch::manual_seed(1);
  const auto output = random_output(kind, 4, 11);
  auto x = torch::randn({6, 4}, torch::kDouble).requires_grad_();
  const auto targets = torch::randint(11, {6}, torch::kLong);
  const auto weight = torch::rand({6}, torch::kDouble);
  const auto loss = output->loss(x, targets, smoothing);

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
  const auto kind = GENERATE_COPY(from_range(builtin_outputs().names()));
  const auto k = GENERATE(1, 3, 11, 20);
  CAPTURE(kind, k);
  torch::manual_seed(2);
  const auto output = random_output(kind, 4, 11, at::kFloat);
  const auto x = torch::randn({5, 4});
  std::vector<torch::Tensor> columns;
  for (int64_t word = 0; word < 11; ++word) {
    const auto target = torch::full({5}, word, torch::kLong);
    columns.push_back(output->score(x, target));
    CHECK(torch::allclose(columns.back(), -output->loss(x, target, 0).to(torch::kDouble), 1e-5, 1e-6));
  }
  const auto all = torch::stack(columns, 1);
  CHECK(torch::allclose(all.exp().sum(1), torch::ones({5}, torch::kDouble), 0, 1e-5));
  const auto best = output->top_k(x, k, {});
  const auto [scores, ids] = all.topk(std::min(k, 11), 1);
  CHECK(torch::allclose(best.scores, scores, 0, 1e-6));
  CHECK(best.ids.equal(ids));
}

TEST_CASE("output: banned words never come up, and equal scores come in order of ids", "[nn][output]") {
  const auto output = random_output("full", 2, 6, at::kFloat);
  const auto best = output->top_k(torch::randn({4, 2}), 6, torch::tensor({0, 1}, torch::kLong));
  CHECK(best.ids.sizes() == at::IntArrayRef({4, 4}));
  CHECK((best.ids >= 2).all().item<bool>());
  const torch::NoGradGuard no_gradient;
  for (auto& parameter : output->parameters()) parameter.zero_();
  const auto ids = output->top_k(torch::randn({3, 2}), 4, {}).ids;
  CHECK(std::get<0>(ids.sort(1)).equal(ids));
}

}  // namespace
}  // namespace seq2seq::nn
