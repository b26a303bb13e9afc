#include "seq2seq/nn/output/sharded.h"

#include <cmath>
#include <memory>
#include <vector>

#include <torch/nn/functional/loss.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/output/full.h"
#include "seq2seq/nn/slice.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/output_shards.h"
#include "test/support/test_device.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

constexpr int64_t words = 11, cells = 4;

struct Split {
  std::vector<int64_t> shares;
  bool bias = true, tied = false;
};

/// Every distinct way to divide 11 words, with and without bias, with own and tied weight.
std::vector<Split> splits() {
  std::vector<Split> all;
  for (const auto& shares :
       {std::vector<int64_t>{6, 5}, std::vector<int64_t>{5, 1, 5}, std::vector<int64_t>{1, 1, 1, 8}}) {
    for (const bool bias : {true, false}) {
      for (const bool tied : {true, false}) all.push_back({shares, bias, tied});
    }
  }
  return all;
}

/// An output layer with random values, and the embedding that it is tied to.
struct Output {
  std::shared_ptr<OutputLayer> layer;
  at::Tensor embedding;

  OutputLayer* operator->() const { return layer.get(); }
  /// Returns the derivatives of all parameters, joined.
  std::vector<at::Tensor> gradients() const {
    NamedSlices slices;
    for (const auto& item : layer->named_parameters()) slices.emplace_back(item.key(), item.value().grad());
    std::vector<at::Tensor> all;
    for (const auto& whole : group_slices(slices)) all.push_back(whole.on_cpu());
    if (embedding.defined()) all.push_back(embedding.grad().cpu());
    return all;
  }
};

Output output_of(const Split& split, at::ScalarType type = at::kDouble) {
  Output output;
  OutputContext context{.width = cells, .vocabulary = words, .type = type};
  const bool placed = !split.shares.empty();
  if (placed) {
    std::vector<c10::Device> devices;
    for (size_t i = 0; i < split.shares.size(); ++i) devices.push_back(test_device(static_cast<int>(i)));
    context.placement.output = shards_of(devices, split.shares);
  }
  if (split.tied) {
    torch::manual_seed(9);
    output.embedding = torch::randn({words, cells}, type).to(placed ? test_device(7) : c10::Device(c10::kCPU));
    context.tied_weight = output.embedding.set_requires_grad(true);
  }
  output.layer = std::make_shared<FullOutput>(FullOutputOptions{.bias = split.bias}, context);
  randomize(*output.layer, 3, type);
  return output;
}

Output whole(const Split& split, at::ScalarType type = at::kDouble) {
  return output_of({{}, split.bias, split.tied}, type);
}

void check_close(const at::Tensor& one, const at::Tensor& other) {
  CHECK(one.sizes() == other.sizes());
  CHECK(at::allclose(one.cpu(), other.cpu(), /*rtol=*/0, 1e-12));
}

TEST_CASE("sharded output: losses and gradients are those of the layer on one device",
          "[nn][output][placement][gradient]") {
  const auto split = GENERATE(from_range(splits()));
  const double smoothing = GENERATE(0.0, 0.1);
  const bool known = GENERATE(true, false);
  CAPTURE(split.shares, split.bias, split.tied, smoothing, known);
  torch::manual_seed(2);
  const auto rows = torch::randn({6, cells}, torch::kDouble), scale = torch::rand({6}, torch::kDouble);
  const auto targets = torch::tensor({0, 10, 4, 5, 6, 9}, torch::kLong);
  const auto run = [&](const Output& output) {
    auto x = rows.clone().set_requires_grad(true);
    const auto loss = output->loss({.rows = x}, targets,
                                   {.label_smoothing = smoothing, .row_scale = known ? scale : torch::Tensor()});
    loss.backward(scale.to(loss.device()));
    auto found = output.gradients();
    found.push_back(loss.detach());
    found.push_back(x.grad());
    return found;
  };
  const auto here = run(whole(split)), there = run(output_of(split));
  REQUIRE(here.size() == there.size());
  for (size_t i = 0; i < here.size(); ++i) check_close(there[i], here[i]);
}

TEST_CASE("sharded output: gradients are the numerical ones", "[nn][output][placement][gradient]") {
  const bool known = GENERATE(true, false), tied = GENERATE(true, false);
  CAPTURE(known, tied);
  const auto output = output_of({{5, 1, 5}, true, tied});
  torch::manual_seed(2);
  auto x = torch::randn({3, cells}, torch::kDouble).requires_grad_();
  const auto scale = torch::rand({3}, torch::kDouble);
  const auto targets = torch::tensor({5, 0, 10}, torch::kLong);
  const LossSpec spec{.label_smoothing = 0.1, .row_scale = known ? scale : torch::Tensor()};
  output->loss({.rows = x}, targets, spec).backward(scale.to(test_device(0)));
  auto parameters = output->parameters();
  parameters.push_back(x);
  if (tied) parameters.push_back(output.embedding);
  const torch::NoGradGuard no_gradient;
  const auto objective = [&] {
    return (output->loss({.rows = x}, targets, {.label_smoothing = 0.1}).cpu() * scale).sum().item<double>();
  };
  constexpr double step = 1e-6;
  for (auto& parameter : parameters) {
    auto values = parameter.view({-1});
    const auto gradient = parameter.grad().cpu().view({-1});
    for (int64_t i = 0; i < values.numel(); ++i) {
      values[i].add_(step);
      const double above = objective();
      values[i].sub_(2 * step);
      const double below = objective();
      values[i].add_(step);
      CHECK_THAT(gradient[i].item<double>(), WithinAbs((above - below) / (2 * step), 1e-8));
    }
  }
}

TEST_CASE("sharded output: scores, best words and log-probabilities are those of the layer on one device",
          "[nn][output][placement]") {
  const auto split = GENERATE(from_range(splits()));
  const int64_t k = GENERATE(1, 3, 7, 11, 20);
  CAPTURE(split.shares, split.bias, split.tied, k);
  torch::manual_seed(2);
  const Features features{.rows = torch::randn({6, cells}, torch::kDouble)};
  const auto targets = torch::tensor({0, 10, 4, 5, 6, 9}, torch::kLong);
  const auto here = whole(split), there = output_of(split);
  check_close(there->score(features, targets), here->score(features, targets));
  check_close(there->log_probabilities(features), here->log_probabilities(features));
  CHECK(there->score(features, targets).device() == test_device(0));
  const auto ids = [](const std::vector<int64_t>& all) { return torch::tensor(all, torch::kLong); };
  for (const Bans& bans : {Bans{}, Bans{.words = ids({5})}, Bans{.words = ids({0, 10})},
                           Bans{.words = ids({4}), .rows = ids({1, 1, 5}), .row_words = ids({0, 5, 10})},
                           Bans{.words = {}, .rows = ids({2, 2, 2, 2, 2}), .row_words = ids({0, 1, 2, 3, 4})}}) {
    const auto one = here->top_k(features, k, bans), other = there->top_k(features, k, bans);
    CHECK(other.ids.cpu().equal(one.ids));
    check_close(other.scores.exp(), one.scores.exp());
    CHECK(other.scores.scalar_type() == at::kDouble);
    CHECK(other.ids.device() == test_device(0));
  }
}

TEST_CASE("sharded output: equal scores come in order of ids, across the borders of shards too",
          "[nn][output][placement]") {
  const auto shares =
      GENERATE(std::vector<int64_t>{6, 5}, std::vector<int64_t>{5, 1, 5}, std::vector<int64_t>{1, 1, 1, 8});
  const auto output = output_of({shares}), one = whole({});
  const torch::NoGradGuard no_gradient;
  const auto bias = torch::tensor({1., 2., 1., 0., 2., 2., 1., 0., 2., 1., 2.}, torch::kDouble);
  for (const auto& layer : {output.layer, one.layer}) {
    for (const auto& parameter : group_slices(layer->named_parameters().pairs()))
      parameter.set(parameter.name == "bias" ? bias : torch::zeros({words, cells}, torch::kDouble));
  }
  const Features features{.rows = torch::ones({2, cells}, torch::kDouble)};
  const std::vector<int64_t> by_hand{1, 4, 5, 8, 10, 0, 2, 6, 9, 3, 7};
  for (int64_t k = 1; k <= words; ++k) {
    CAPTURE(k);
    const auto best = output->top_k(features, k, {});
    CHECK(best.ids[0].cpu().equal(torch::tensor(by_hand).narrow(0, 0, k)));
    CHECK(best.ids.cpu().equal(one->top_k(features, k, {}).ids));
  }
}

TEST_CASE("sharded output: shards without a range are split evenly, and wrong ones are refused by name",
          "[nn][output][placement][error]") {
  const auto sizes = [](const std::vector<OutputShard>& shards) {
    OutputContext context{.width = cells, .vocabulary = words};
    context.placement.output = shards;
    std::vector<int64_t> found;
    const FullOutput output({}, context);
    for (const auto& shard : output.shards()) found.push_back(shard.words());
    return found;
  };
  const OutputShard open{.device = c10::kCPU};
  CHECK(sizes({open}) == std::vector<int64_t>{11});
  CHECK(sizes({open, open, open}) == std::vector<int64_t>{4, 4, 3});
  CHECK_THROWS_AS(sizes(std::vector<OutputShard>(12, open)), UsageError);
  CHECK_THROWS_WITH(sizes(std::vector<OutputShard>(12, open)),
                    ContainsSubstring("`placement.output` names 12 devices, but the vocabulary has 11 words"));
  CHECK_THROWS_WITH(sizes({{c10::kCPU, 0, 5}, {c10::kCPU, 5, 10}}), ContainsSubstring("the shards have 10 words"));
}

TEST_CASE("sharded output: frozen parameters get no gradient", "[nn][output][placement][gradient]") {
  const bool known = GENERATE(true, false);
  const auto output = output_of({{6, 5}});
  const auto scale = torch::ones({3}, torch::kDouble);
  auto parameters = output->named_parameters();
  for (const auto* name : {"weight[0:6]", "weight[6:11]"}) parameters[name].set_requires_grad(false);
  const auto loss = output->loss({.rows = torch::randn({3, cells}, torch::kDouble)}, torch::tensor({1, 2, 10}),
                                 {.label_smoothing = 0, .row_scale = known ? scale : torch::Tensor()});
  loss.backward(scale.to(loss.device()));
  for (const auto& parameter : parameters)
    CHECK(parameter.value().grad().defined() == (slice_of(parameter.key()).whole == "bias"));
}

TEST_CASE("sharded output: no gradient is kept where none is recorded", "[nn][output][placement]") {
  const auto output = output_of({{6, 5}});
  const torch::NoGradGuard no_gradient;
  const auto loss = output->loss({.rows = torch::randn({3, cells}, torch::kDouble)}, torch::tensor({1, 2, 10}),
                                 {.row_scale = torch::ones({3}, torch::kDouble)});
  CHECK_FALSE(loss.requires_grad());
}

TEST_CASE("sharded output: a second backward over one loss is refused, not wrong", "[nn][output][placement][error]") {
  const auto output = output_of({{6, 5}});
  const auto scale = torch::ones({3}, torch::kDouble);
  const auto loss =
      output->loss({.rows = torch::randn({3, cells}, torch::kDouble)}, torch::tensor({1, 2, 10}), {.row_scale = scale});
  loss.backward(scale.to(loss.device()), /*retain_graph=*/true);
  CHECK_THROWS_WITH(loss.backward(scale.to(loss.device())), ContainsSubstring("ran twice"));
}

TEST_CASE("sharded output: a shard whose device is full is named", "[nn][output][placement][error]") {
  const auto output = output_of({{5, 1, 5}}, at::kFloat);
  const Features features{.rows = torch::randn({6, cells})};
  const auto targets = torch::zeros({6}, torch::kLong);
  const FullTestDevice full(2, /*bytes=*/64);
  const std::string named = "output shard 3 of 3 (words 6 to 10) on test:2 ran out of memory";
  CHECK_THROWS_AS(output->score(features, targets), Error);
  CHECK_THROWS_WITH(output->score(features, targets),
                    ContainsSubstring(named) && ContainsSubstring("placement.shares"));
  CHECK_THROWS_WITH(output->loss(features, targets, {}), ContainsSubstring(named));
  CHECK_THROWS_WITH(output->top_k(features, 2, {}), ContainsSubstring(named));
}

}  // namespace
}  // namespace seq2seq::nn
