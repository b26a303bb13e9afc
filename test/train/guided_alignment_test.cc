#include "seq2seq/train/guided_alignment.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <ATen/ops/rand.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/data/alignment.h"
#include "seq2seq/train/gradient_source.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;
using Cost = GuidedAlignmentOptions::Cost;

double cost_by_equation(Cost cost, const std::vector<double>& attention, const std::vector<double>& shares) {
  double links = 0, entropy = 0, error = 0, product = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    links += shares[i];
    if (shares[i] > 0) entropy -= shares[i] * std::log(attention[i]);
    error += 0.5 * (shares[i] - attention[i]) * (shares[i] - attention[i]);
    product += shares[i] * attention[i];
  }
  if (links == 0) return 0;
  return cost == Cost::cross_entropy ? entropy : cost == Cost::squared_error ? error : -std::log(product);
}

TEST_CASE("guided alignment: each cost is its equation's, and rows without a link have none", "[train][alignment]") {
  const auto cost = GENERATE(Cost::cross_entropy, Cost::squared_error, Cost::product);
  torch::manual_seed(3);
  auto attention = at::rand({4, 3}, at::kDouble);
  attention = attention / attention.sum(1, true);
  const std::vector<std::vector<double>> shares{{1, 0, 0}, {0, 0, 0}, {0.5, 0, 0.5}, {0.25, 0.5, 0.25}};
  auto reference = at::rand({4, 3});
  for (int64_t row = 0; row < 4; ++row)
    for (int64_t i = 0; i < 3; ++i) reference[row][i].fill_(shares[static_cast<size_t>(row)][static_cast<size_t>(i)]);
  const auto losses = alignment_losses(attention, reference, cost);
  for (int64_t row = 0; row < 4; ++row) {
    std::vector<double> weights;
    for (int64_t i = 0; i < 3; ++i) weights.push_back(attention[row][i].item<double>());
    CHECK_THAT(losses[row].item<double>(),
               WithinAbs(cost_by_equation(cost, weights, shares[static_cast<size_t>(row)]), 1e-12));
  }
}

TEST_CASE("guided alignment: a weight of 0 at a link has a finite loss and gradient", "[train][alignment]") {
  const auto cost = GENERATE(Cost::cross_entropy, Cost::squared_error, Cost::product);
  auto attention = at::tensor({0.0F, 1.0F}).view({1, 2}).requires_grad_();
  const auto loss = alignment_losses(attention, at::tensor({1.0F, 0.0F}).view({1, 2}), cost);
  CHECK(loss.item<double>() > 0.5);
  loss.sum().backward();
  CHECK(attention.grad().isfinite().all().item<bool>());
}

TEST_CASE("guided alignment: the gradient of an update agrees with differences in double",
          "[train][alignment][gradient]") {
  const auto cost = GENERATE(Cost::cross_entropy, Cost::squared_error, Cost::product);
  const auto kind = GENERATE(as<std::string>(), "additive", "general fed", "dot before");
  CAPTURE(kind, static_cast<int>(cost));
  const auto model = random_variant("rnn, attention " + kind, 4);
  const TinyRun run;
  const auto sources = random_ids(1, {4, 2, 6}, 9), targets = random_ids(2, {3, 5, 2}, 8);
  auto batch = data::make_batch(sources, targets, {0, 1, 2}, run.text);
  const auto plain_batch = batch;
  batch.alignment = data::reference_attention({{{{0, 1}, {3, 1}, {2, 0}}, 4, 3}, {{}, 2, 5}, {{{5, 1}}, 6, 2}},
                                              *batch.source.layout, *batch.targets.layout, run.text);
  const nn::Draw draw{.seed = 1, .update = 3};
  const LossOptions options{.label_smoothing = 0.1, .coverage = 0.5, .guided_alignment = {.cost = cost, .weight = 2}};
  const auto losses = [&] { return token_losses(*model, batch, options, {}, &draw); };
  CHECK((losses() - token_losses(*model, plain_batch, options, {}, &draw)).sum().item<double>() > 0.1);
  SerialGradients gradients(*model, options);
  const auto reported = gradients.accumulate({batch}, 3, draw).front();
  const at::NoGradGuard no_gradient;
  CHECK(reported.allclose(token_losses(*model, plain_batch, {.label_smoothing = 0.1}, {}, &draw), 0, 1e-12));
  torch::manual_seed(7);
  for (auto& item : model->named_parameters()) {
    CAPTURE(item.key());
    auto parameter = item.value();
    const auto value = parameter.clone(), along = at::randn_like(parameter);
    const double step = 1e-6;
    parameter.copy_(value + step * along);
    const double above = losses().sum().item<double>() / 3;
    parameter.copy_(value - step * along);
    const double below = losses().sum().item<double>() / 3;
    parameter.copy_(value);
    const double expected = (above - below) / (2 * step), made = (parameter.grad() * along).sum().item<double>();
    CHECK_THAT(made, WithinAbs(expected, 1e-7 * std::max(1.0, std::abs(expected))));
  }
}

}  // namespace
}  // namespace seq2seq::train
