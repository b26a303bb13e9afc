#include "seq2seq/nn/output/softmax_shard.h"

#include <cmath>
#include <utility>
#include <vector>

#include <torch/nn/functional/loss.h>

#include "seq2seq/nn/placement.h"
#include "test/support/catch.h"
#include "test/support/output_shards.h"
#include "test/support/test_device.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

std::vector<OutputShard> places(const std::vector<int64_t>& shares) {
  std::vector<c10::Device> devices;
  for (size_t i = 0; i < shares.size(); ++i) devices.push_back(test_device(static_cast<int>(i)));
  return shards_of(devices, shares);
}

struct Matrix {
  at::Tensor weight, bias;
};

/// A softmax over words cut into shards; `borrowed`: each reads its rows of one matrix, on its own device.
std::vector<SoftmaxShard> cut(const Matrix& matrix, const std::vector<OutputShard>& shards, bool borrowed) {
  std::vector<SoftmaxShard> all;
  const auto whole = matrix.weight.to(test_device(7)).requires_grad_();
  for (size_t index = 0; index < shards.size(); ++index) {
    const auto& shard = shards[index];
    const auto slice = [&](const at::Tensor& tensor) {
      return tensor.narrow(0, shard.first, shard.last - shard.first).to(shard.device).requires_grad_();
    };
    all.emplace_back(shards, index, borrowed ? whole : slice(matrix.weight),
                     matrix.bias.defined() ? slice(matrix.bias) : at::Tensor());
  }
  return all;
}

TEST_CASE("softmax shards: losses and gradients are those of torch's cross-entropy over all words",
          "[nn][output][placement][witness][gradient]") {
  const auto shares = GENERATE(std::vector<int64_t>{11}, std::vector<int64_t>{4, 4, 3}, std::vector<int64_t>{1, 9, 1},
                               std::vector<int64_t>{1, 1, 1, 1, 1, 1, 5});
  const double smoothing = GENERATE(0.0, 0.1);
  const bool biased = GENERATE(true, false), borrowed = GENERATE(true, false);
  CAPTURE(shares, smoothing, biased, borrowed);
  torch::manual_seed(5);
  const Matrix matrix{torch::randn({11, 4}, torch::kDouble),
                      biased ? torch::randn({11}, torch::kDouble) : torch::Tensor()};
  const auto x = torch::randn({6, 4}, torch::kDouble), scale = torch::rand({6}, torch::kDouble);
  const auto targets = torch::tensor({0, 10, 4, 5, 1, 9}, torch::kLong);

  const auto shards = cut(matrix, places(shares), borrowed);
  std::vector<SoftmaxShard::Forward> found;
  std::vector<at::Tensor> statistics;
  for (const auto& shard : shards) {
    found.push_back(shard.forward(x, targets));
    CHECK(found.back().logits.device() == shard.device());
    statistics.push_back(found.back().statistics.to(shards.front().device()));
  }
  const auto joined = join(statistics, smoothing, 11);
  auto hidden = torch::zeros({6, 4}, torch::kDouble);
  for (size_t i = 0; i < shards.size(); ++i) {
    const auto gradient = shards[i].logit_gradient(found[i], joined.normalizer, scale, smoothing);
    CHECK_FALSE(found[i].logits.defined());
    hidden += shards[i].hidden_gradient(gradient).cpu();
    SoftmaxShard::Gradient of_parameters;
    shards[i].add_weight_gradient(of_parameters, found[i].rows, gradient * 0.25);  // in two pieces, as by chunks
    shards[i].add_weight_gradient(of_parameters, found[i].rows, gradient * 0.75);
    shards[i].deliver(of_parameters);
  }

  const auto y = x.clone().requires_grad_(), w = matrix.weight.clone().requires_grad_();
  const auto b = biased ? matrix.bias.clone().requires_grad_() : torch::Tensor();
  namespace F = torch::nn::functional;
  auto z = torch::matmul(y, w.t());
  if (biased) z = z + b;
  const auto witness =
      F::cross_entropy(z, targets, F::CrossEntropyFuncOptions().reduction(torch::kNone).label_smoothing(smoothing));
  (witness * scale).sum().backward();
  CHECK(torch::allclose(joined.losses.cpu(), witness, 0, 1e-12));
  CHECK(torch::allclose(hidden, y.grad(), 0, 1e-12));
  for (const auto& shard : shards) {
    const auto rows = w.grad().narrow(0, shard.first(), shard.words());
    const auto mine = borrowed ? shard.weight().grad().narrow(0, shard.first(), shard.words()) : shard.weight().grad();
    CHECK(torch::allclose(mine.cpu(), rows, 0, 1e-12));
    if (biased)
      CHECK(torch::allclose(shard.bias().grad().cpu(), b.grad().narrow(0, shard.first(), shard.words()), 0, 1e-12));
  }
}

TEST_CASE("softmax shards: logits of any size give finite losses", "[nn][output]") {
  torch::manual_seed(5);
  const Matrix matrix{torch::randn({6, 3}, torch::kDouble) * 1e4, {}};
  const auto x = torch::randn({4, 3}, torch::kDouble);
  const auto targets = torch::tensor({0, 5, 2, 3}, torch::kLong);
  std::vector<at::Tensor> statistics;
  for (const auto& shard : cut(matrix, places({1, 3, 2}), false))
    statistics.push_back(shard.forward(x, targets).statistics.cpu());
  const auto joined = join(statistics, 0, 6);
  const auto z = torch::matmul(x, matrix.weight.t());
  const auto witness = z.logsumexp(1) - z.gather(1, targets.unsqueeze(1)).squeeze(1);
  CHECK(joined.losses.isfinite().all().item<bool>());
  CHECK(torch::allclose(joined.losses, witness, 1e-14, 1e-12));
}

TEST_CASE("softmax shards: exponentials are summed a few rows at a time, with the same result", "[nn][output]") {
  torch::manual_seed(5);
  constexpr int64_t words = 20'000, rows = 450;  // three pieces, the last one small
  const Matrix matrix{torch::randn({words, 2}), {}};
  const auto x = torch::randn({rows, 2});
  const SoftmaxShard shard({{.device = c10::kCPU, .first = 0, .last = words}}, 0, matrix.weight, {});
  const auto found = shard.forward(x, {});
  CHECK(torch::allclose(join({found.statistics}, 0, words).normalizer, found.logits.logsumexp(1), 1e-6, 1e-6));
}

TEST_CASE("softmax shards: a frozen parameter gets no gradient", "[nn][output][gradient]") {
  const auto weight = torch::randn({6, 3}), bias = torch::zeros({6}).requires_grad_();
  const SoftmaxShard shard({{.device = c10::kCPU, .first = 0, .last = 6}}, 0, weight, bias);
  SoftmaxShard::Gradient gradient;
  shard.add_weight_gradient(gradient, torch::randn({4, 3}), torch::randn({4, 6}));
  shard.deliver(gradient);
  CHECK_FALSE(gradient.weight.defined());
  CHECK_FALSE(weight.grad().defined());
  CHECK(bias.grad().defined());
}

TEST_CASE("split words: evenly, the larger shards first", "[nn][placement]") {
  const std::vector<c10::Device> devices{test_device(2), test_device(0), test_device(2)};
  const auto ranges = [&](int64_t words) {
    std::vector<std::pair<int64_t, int64_t>> found;
    for (const auto& shard : split_words(devices, words)) found.emplace_back(shard.first, shard.last);
    return found;
  };
  using Ranges = std::vector<std::pair<int64_t, int64_t>>;
  CHECK(ranges(11) == Ranges{{0, 4}, {4, 8}, {8, 11}});
  CHECK(ranges(3) == Ranges{{0, 1}, {1, 2}, {2, 3}});
  CHECK(split_words(devices, 3)[1].device == test_device(0));
  CHECK_THROWS_WITH(split_words(devices, 2),
                    ContainsSubstring("`placement.output` names 3 devices, but the vocabulary has 2 words"));
}

TEST_CASE("shards that leave a gap, overlap, are empty or end early are refused", "[nn][placement][error]") {
  const auto shards = [](const std::vector<std::pair<int64_t, int64_t>>& ranges) {
    std::vector<OutputShard> all;
    for (const auto& [first, last] : ranges) all.push_back({.device = c10::kCPU, .first = first, .last = last});
    return all;
  };
  CHECK(with_words(shards({{0, 0}, {0, 0}}), 5).back().first == 3);
  CHECK(with_words(shards({{0, 1}, {1, 5}}), 5).back().first == 1);
  CHECK_THROWS_WITH(with_words(shards({{0, 2}, {3, 5}}), 5),
                    ContainsSubstring("shard 2 has the words 3 up to 5, but the shards before it end at 2"));
  CHECK_THROWS_WITH(with_words(shards({{0, 3}, {2, 5}}), 5), ContainsSubstring("shard 2"));
  CHECK_THROWS_WITH(with_words(shards({{0, 5}, {5, 5}}), 5), ContainsSubstring("shard 2"));
  CHECK_THROWS_WITH(with_words(shards({{0, 2}, {2, 4}}), 5), ContainsSubstring("the shards have 4 words"));
}

}  // namespace
}  // namespace seq2seq::nn
