#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <ATen/ops/scaled_dot_product_attention.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/core/random.h"
#include "seq2seq/nn/attention/operations.h"
#include "seq2seq/nn/attention/weight_dropout.h"
#include "test/nn/attention/running.h"
#include "test/support/catch.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;
using at::Tensor;

constexpr int64_t kHeads = 3;

TEST_CASE("multi-head attention: a sentence alone is PyTorch's scaled_dot_product_attention",
          "[nn][attention][witness][gradient]") {
  const auto type = GENERATE(at::kDouble, at::kFloat);
  const bool causal = GENERATE(false, true);
  const auto length = GENERATE(1, 2, 7, 33, 64);
  CAPTURE(causal, length);
  torch::manual_seed(length);
  const int64_t h = 4, d = 16;
  const auto pairs = pairs_of_sentences({length}, {length}, c10::kCPU);
  std::vector<Tensor> ours, theirs;
  for (int i = 0; i < 3; ++i) {
    ours.push_back(torch::randn({length, h * d}, type).requires_grad_());
    theirs.push_back(ours.back().detach().clone().requires_grad_());
  }
  const auto head_rows = [&](const Tensor& rows) { return rows.view({1, length, h, d}).transpose(1, 2); };
  const auto context = multi_head_attention(
      ours[0], ours[1], ours[2], pairs, {.heads = h, .scale = 1 / std::sqrt(static_cast<double>(d)), .causal = causal});
  const auto witness = at::scaled_dot_product_attention(head_rows(theirs[0]), head_rows(theirs[1]),
                                                        head_rows(theirs[2]), {}, 0.0, causal)
                           .transpose(1, 2)
                           .reshape({length, h * d});
  const double tolerance = type == at::kDouble ? 1e-12 : 2e-6;
  CHECK(torch::allclose(context, witness, 0, tolerance));
  const auto direction = torch::randn_like(context);
  (context * direction).sum().backward();
  (witness * direction).sum().backward();
  for (size_t i = 0; i < 3; ++i) CHECK(torch::allclose(ours[i].grad(), theirs[i].grad(), 0, 10 * tolerance));
}

TEST_CASE("multi-head attention: weights to show are the mean of the heads' softmax", "[nn][attention]") {
  const auto type = GENERATE(at::kDouble, at::kFloat);
  torch::manual_seed(1);
  const auto pairs = pairs_of_sentences({3, 1, 5}, {3, 4, 5}, c10::kCPU);
  const auto q = torch::randn({pairs.queries(), 6}, type), k = torch::randn({pairs.keys(), 6}, type);
  // With values that are one at a key and zero at others, the context equals the weights.
  const auto shown = multi_head_weights(q, k, pairs, {.heads = 2, .scale = 0.5, .causal = true});
  for (int64_t pair = 0; pair < pairs.pairs(); ++pair) {
    auto values = torch::zeros({pairs.keys(), 2}, type);
    values[pairs.key()[pair].item<int64_t>()] = 1;
    const auto context = multi_head_attention(q, k, values, pairs, {.heads = 2, .scale = 0.5, .causal = true});
    CHECK(std::abs(context[pairs.query()[pair]].mean().item<double>() - shown[pair].item<double>()) < 1e-6);
  }
}

/// Returns the weights after dropout in a sentence of `keys` keys, from values of one at a key and zero elsewhere.
Tensor dropped(const WeightDropout& dropout, int64_t queries, int64_t keys, at::ScalarType type) {
  const auto pairs = pairs_of_sentences({queries}, {keys}, c10::kCPU);
  const auto zeros = torch::zeros({queries, kHeads}, type), none = torch::zeros({keys, kHeads}, type);
  std::vector<Tensor> columns;
  for (int64_t key = 0; key < keys; ++key) {
    auto values = torch::zeros({keys, kHeads}, type);
    values[key] = static_cast<double>(keys);
    columns.push_back(multi_head_attention(zeros, none, values, pairs, {.heads = kHeads}, &dropout));
  }
  return torch::stack(columns, 2).to(torch::kDouble);  // [queries, heads, keys] 0 or 1 / (1 - share)
}

WeightDropout some_dropout(std::vector<int64_t> pair_keys) {
  return {.share = 0.25,
          .site = Site::of_module("a"),
          .draw = {.seed = 5, .update = 3},
          .pair_keys = std::move(pair_keys),
          .first_position = 0};
}

TEST_CASE("multi-head attention: a padded dropout mask has the same bits on any number of threads",
          "[nn][attention][dropout]") {
  const auto pairs = pairs_of_sentences({9, 4, 1, 30}, {8, 5, 7, 31}, c10::kCPU);
  const auto dropout = some_dropout({7, 8, 9, 10});
  const auto mask_on = [&](int threads) {
    const AttentionMachine machine(best_isa(), threads);
    return padded_dropout_mask(pairs, 4, dropout);
  };
  const auto one = mask_on(1);
  CHECK(one.count_nonzero().item<int64_t>() > 0);
  for (const int threads : {2, 3, 5}) {
    CAPTURE(threads);
    CHECK(mask_on(threads).equal(one));
  }
}

TEST_CASE("dropout of attention weights: drops its share and scales the rest, each place by itself",
          "[nn][attention][dropout]") {
  const auto mask = dropped(some_dropout({7}), 70, 90, at::kFloat);
  const double scale = 1 / 0.75;
  CHECK(((mask.abs() < 1e-6) | ((mask - scale).abs() < 1e-5)).all().item<bool>());
  CHECK(std::abs((mask == 0).to(torch::kDouble).mean().item<double>() - 0.25) < 0.02);  // 3 deviations are 0.01
  // All queries, heads, pairs, sites, updates and seeds have different masks.
  const auto rows = mask.reshape({-1, 90});
  CHECK(std::get<0>(torch::unique_dim(rows.round(/*decimals=*/3), 0)).size(0) == 70 * kHeads);
  const auto part = mask.narrow(0, 0, 5);
  CHECK(dropped(some_dropout({7}), 5, 90, at::kDouble).to(torch::kFloat).allclose(part.to(torch::kFloat)));
  auto other = some_dropout({8});
  CHECK_FALSE(dropped(other, 5, 90, at::kFloat).allclose(part));
  other = some_dropout({7});
  other.site = Site::of_module("b");
  CHECK_FALSE(dropped(other, 5, 90, at::kFloat).allclose(part));
  other = some_dropout({7});
  other.draw.update = 4;
  CHECK_FALSE(dropped(other, 5, 90, at::kFloat).allclose(part));
}

TEST_CASE("dropout of attention weights: draws Philox at (site, key position, head, query position, pair, update)",
          "[nn][attention][dropout]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto queries = GENERATE(2, 20);  // rows of scores, columns
  CAPTURE(name(isa), queries);
  const AttentionMachine machine(isa, 1);
  auto dropout = some_dropout({7});
  dropout.draw.seed = 0x123456789ABCULL;
  dropout.first_position = 4;
  const auto mask = dropped(dropout, queries, 21, at::kFloat);
  const uint32_t upper_half = dropout.site.number() & 0xFFFF0000U;
  const std::array<uint32_t, 2> key{0x56789ABC, 0x1234 ^ static_cast<uint32_t>(Purpose::dropout) ^ upper_half};
  for (uint32_t query = 0; query < static_cast<uint32_t>(queries); ++query) {
    for (uint32_t head = 0; head < kHeads; ++head) {
      for (uint32_t j = 0; j < 21; ++j) {
        const auto words = philox({dropout.site.number() << 16 | j / 8, head << 20 | (query + 4), 7, 3}, key);
        const uint32_t bits = words[j % 8 / 2] >> (j % 2 == 0 ? 0 : 16) & 0xFFFF;
        const bool drops = mask[query][head][j].item<double>() < 0.5;
        REQUIRE(drops == (bits < 65536 / 4));
      }
    }
  }
}

TEST_CASE("dropout of attention weights: depends neither on the batch nor on the chunk of queries",
          "[nn][attention][dropout][batch]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  CAPTURE(name(isa));
  const AttentionMachine machine(isa, 2);
  const auto whole = dropped(some_dropout({7}), 40, 30, at::kFloat);
  for (const int64_t first : {0, 3, 17, 39}) {
    auto chunk = some_dropout({7});
    chunk.first_position = first;
    CAPTURE(first);
    CHECK(torch::allclose(dropped(chunk, 40 - first, 30, at::kFloat), whole.narrow(0, first, 40 - first)));
  }
  CHECK(torch::allclose(dropped(some_dropout({7}), 40, 9, at::kFloat), whole.narrow(2, 0, 9)));
}

TEST_CASE("dropout of attention weights: float32 kernels use the mask of the plain path, backward too",
          "[nn][attention][dropout][gradient]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const bool causal = GENERATE(false, true);
  CAPTURE(name(isa), causal);
  const AttentionMachine machine(isa, 2);
  const auto pairs = pairs_of_sentences({40, 3, 1, 17}, {40, 9, 6, 17}, c10::kCPU);
  const auto dropout = some_dropout({4, 9, 1, 77});
  const auto attention = [&](const std::vector<Tensor>& t, const AttentionPairs& p) {
    return std::vector{
        multi_head_attention(t[0], t[1], t[2], p, {.heads = kHeads, .scale = 0.5, .causal = causal}, &dropout)};
  };
  torch::manual_seed(1);
  std::vector<Tensor> operands;
  for (const auto& [rows, width] :
       {std::pair(pairs.queries(), 5), std::pair(pairs.keys(), 5), std::pair(pairs.keys(), 7)})
    operands.push_back(torch::randn({rows, kHeads * width}, torch::kDouble) * 0.5);
  const auto ours = run(attention, operands, pairs, torch::kFloat),
             plain = run(attention, operands, pairs, torch::kDouble);
  CHECK(largest_error(ours.results, plain.results) < 2e-6);
  CHECK(largest_error(ours.gradients, plain.gradients) < 1e-5);
}

}  // namespace
}  // namespace seq2seq::nn
