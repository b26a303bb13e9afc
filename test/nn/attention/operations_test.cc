#include "seq2seq/nn/attention/operations.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/core/random.h"
#include "test/nn/attention/random_groups.h"
#include "test/support/catch.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;
using at::Tensor;

/// Runs kernels of one instruction set on a number of threads while it lives.
class AttentionMachine {
 public:
  AttentionMachine(Isa isa, int threads) : threads_before_(at::get_num_threads()) {
    if (const char* before = std::getenv("SEQ2SEQ_ISA")) isa_before_ = before;
    ::setenv("SEQ2SEQ_ISA", name(isa).c_str(), 1);
    at::set_num_threads(threads);
  }
  ~AttentionMachine() {
    isa_before_.empty() ? ::unsetenv("SEQ2SEQ_ISA") : ::setenv("SEQ2SEQ_ISA", isa_before_.c_str(), 1);
    at::set_num_threads(threads_before_);
  }
  AttentionMachine(const AttentionMachine&) = delete;
  AttentionMachine& operator=(const AttentionMachine&) = delete;

 private:
  int threads_before_;
  std::string isa_before_;
};

/// An operation: of its operands' shapes, what it is, and the same as loops.
struct Operation {
  using Shapes = std::vector<std::vector<int64_t>>;
  std::function<Shapes(const AttentionPairs&)> shapes;
  std::function<std::vector<Tensor>(const std::vector<Tensor>&, const AttentionPairs&)> run, loops;
};

constexpr int64_t width = 19, value_width = 37, heads = 3;

int64_t rows_of_keys(const AttentionPairs& pairs) { return pairs.keys() + 1; }  // one that nobody looks at

// The loops: a pair after another, in double, from tensors of one row each.

Tensor loop_scores(const AttentionPairs& pairs, const std::function<Tensor(int64_t query, int64_t key)>& score,
                   const Tensor& none) {
  std::vector<Tensor> scores;
  for (const auto& group : pairs.groups()) {
    for (int64_t i = 0; i < group.queries; ++i) {
      for (int64_t j = 0; j < group.keys; ++j) scores.push_back(score(group.first_query + i, group.first_key + j));
    }
  }
  return scores.empty() ? none.new_zeros({0}) : torch::stack(scores);
}

Tensor loop_softmax(const Tensor& scores, const AttentionPairs& pairs) {
  std::vector<Tensor> weights;
  for (const auto& group : pairs.groups()) {
    for (int64_t i = 0; i < group.queries; ++i) {
      const auto own = scores.narrow(0, group.first_pair + i * group.keys, group.keys).exp();
      weights.push_back(own / own.sum());
    }
  }
  return weights.empty() ? scores : torch::cat(weights);
}

Tensor loop_sum(const Tensor& weights, const Tensor& values, const AttentionPairs& pairs) {
  std::vector<Tensor> sums;
  for (const auto& group : pairs.groups()) {
    for (int64_t i = 0; i < group.queries; ++i) {
      auto sum = torch::zeros({values.size(1)}, values.options());
      for (int64_t j = 0; j < group.keys; ++j)
        sum = sum + weights[group.first_pair + i * group.keys + j] * values[group.first_key + j];
      sums.push_back(sum);
    }
  }
  return sums.empty() ? values.new_zeros({0, values.size(1)}) : torch::stack(sums);
}

Tensor loop_heads(const Tensor& queries, const Tensor& keys, const Tensor& values, const AttentionPairs& pairs,
                  bool causal, double scale, const std::function<double(size_t, int64_t, int64_t, int64_t)>& mask) {
  std::vector<Tensor> contexts;
  const int64_t d = queries.size(1) / heads, e = values.size(1) / heads;
  for (size_t g = 0; g < pairs.groups().size(); ++g) {
    const auto& group = pairs.groups()[g];
    for (int64_t i = 0; i < group.queries; ++i) {
      const int64_t seen = std::max<int64_t>(0, causal ? group.keys - group.queries + i + 1 : group.keys);
      std::vector<Tensor> parts;
      for (int64_t head = 0; head < heads; ++head) {
        auto sum = torch::zeros({e}, values.options()), normalizer = torch::zeros({}, values.options());
        for (int64_t j = 0; j < seen; ++j) {
          const auto query = queries[group.first_query + i].narrow(0, head * d, d);
          const auto key = keys[group.first_key + j].narrow(0, head * d, d);
          const auto weight = ((query * key).sum() * scale).exp();
          normalizer = normalizer + weight;
          sum = sum + mask(g, head, i, j) * weight * values[group.first_key + j].narrow(0, head * e, e);
        }
        parts.push_back(seen == 0 ? sum : sum / normalizer);
      }
      contexts.push_back(torch::cat(parts));
    }
  }
  return contexts.empty() ? values.new_zeros({0, values.size(1)}) : torch::stack(contexts);
}

double no_mask(size_t, int64_t, int64_t, int64_t) { return 1; }

std::map<std::string, Operation> operations() {
  const auto queries_keys = [](const AttentionPairs& p) {
    return Operation::Shapes{{p.queries(), width}, {rows_of_keys(p), width}};
  };
  const auto dot = [](const std::vector<Tensor>& t, const AttentionPairs& p, double scale) {
    return loop_scores(
        p, [&](int64_t i, int64_t j) { return (t[0][i] * t[1][j]).sum() * scale; }, t[0]);
  };
  const auto additive = [](const std::vector<Tensor>& t, const Tensor& v, const AttentionPairs& p) {
    return loop_scores(
        p, [&](int64_t i, int64_t j) { return (v * (t[0][i] + t[1][j]).tanh()).sum(); }, t[0]);
  };
  std::map<std::string, Operation> all;
  all["dot_scores"] = {queries_keys,
                       [](const auto& t, const auto& p) { return std::vector{dot_scores(t[0], t[1], p)}; },
                       [=](const auto& t, const auto& p) { return std::vector{dot(t, p, 1)}; }};
  all["additive_scores"] = {
      [=](const auto& p) {
        return Operation::Shapes{{p.queries(), width}, {rows_of_keys(p), width}, {width}};
      },
      [](const auto& t, const auto& p) { return std::vector{additive_scores(t[0], t[1], t[2], p)}; },
      [=](const auto& t, const auto& p) { return std::vector{additive(t, t[2], p)}; }};
  all["softmax_by_query"] = {[](const auto& p) { return Operation::Shapes{{p.pairs()}}; },
                             [](const auto& t, const auto& p) { return std::vector{softmax_by_query(t[0], p)}; },
                             [](const auto& t, const auto& p) { return std::vector{loop_softmax(t[0], p)}; }};
  all["sum_by_query"] = {[](const auto& p) {
                           return Operation::Shapes{{p.pairs()}, {rows_of_keys(p), value_width}};
                         },
                         [](const auto& t, const auto& p) { return std::vector{sum_by_query(t[0], t[1], p)}; },
                         [](const auto& t, const auto& p) { return std::vector{loop_sum(t[0], t[1], p)}; }};
  all["attend_dot"] = {
      [=](const auto& p) {
        return Operation::Shapes{{p.queries(), width}, {rows_of_keys(p), width}, {rows_of_keys(p), value_width}};
      },
      [](const auto& t, const auto& p) {
        const auto made = attend_dot(t[0], t[1], t[2], p, 0.7);
        return std::vector{made.context, made.weights};
      },
      [=](const auto& t, const auto& p) {
        const auto weights = loop_softmax(dot(t, p, 0.7), p);
        return std::vector{loop_sum(weights, t[2], p), weights};
      }};
  all["attend_dot, values are the keys"] = {queries_keys,
                                            [](const auto& t, const auto& p) {
                                              const auto made = attend_dot(t[0], t[1], t[1], p);
                                              return std::vector{made.context, made.weights};
                                            },
                                            [=](const auto& t, const auto& p) {
                                              const auto weights = loop_softmax(dot(t, p, 1), p);
                                              return std::vector{loop_sum(weights, t[1], p), weights};
                                            }};
  all["attend_additive"] = {
      [=](const auto& p) {
        return Operation::Shapes{
            {p.queries(), width}, {rows_of_keys(p), width}, {rows_of_keys(p), value_width}, {width}};
      },
      [](const auto& t, const auto& p) {
        const auto made = attend_additive(t[0], t[1], t[2], t[3], p);
        return std::vector{made.context, made.weights};
      },
      [=](const auto& t, const auto& p) {
        const auto weights = loop_softmax(additive(t, t[3], p), p);
        return std::vector{loop_sum(weights, t[2], p), weights};
      }};
  for (const bool causal : {false, true}) {
    all[causal ? "multi_head, causal" : "multi_head"] = {
        [](const auto& p) {
          return Operation::Shapes{
              {p.queries(), heads * 5}, {rows_of_keys(p), heads * 5}, {rows_of_keys(p), heads * 7}};
        },
        [=](const auto& t, const auto& p) {
          return std::vector{
              multi_head_attention(t[0], t[1], t[2], p, {.heads = heads, .scale = 0.4, .causal = causal})};
        },
        [=](const auto& t, const auto& p) {
          return std::vector{loop_heads(t[0], t[1], t[2], p, causal, 0.4, no_mask)};
        }};
  }
  return all;
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const auto& [name, operation] : operations()) names.push_back(name);
  return names;
}

struct Ran {
  std::vector<Tensor> results, gradients;
};

std::vector<Tensor> random_operands(const Operation& operation, const AttentionPairs& pairs, unsigned seed) {
  torch::manual_seed(seed);
  std::vector<Tensor> operands;
  for (const auto& shape : operation.shapes(pairs)) operands.push_back(torch::randn(shape, torch::kDouble) * 0.5);
  return operands;
}

/// Results, and the derivatives of a sum of them in random proportions by each operand.
template <class Run>
Ran run(const Run& operation, const std::vector<Tensor>& operands, const AttentionPairs& pairs, at::ScalarType type) {
  std::vector<Tensor> leaves;
  for (const auto& operand : operands) leaves.push_back(operand.to(type).clone().requires_grad_());
  Ran ran{operation(leaves, pairs), {}};
  torch::manual_seed(99);
  auto sum = torch::zeros({}, type);
  for (const auto& result : ran.results)
    sum = sum + (result * torch::rand(result.sizes(), torch::kDouble).to(type)).sum();
  if (sum.requires_grad()) sum.backward();
  for (const auto& leaf : leaves)
    ran.gradients.push_back(leaf.grad().defined() ? leaf.grad() : torch::zeros_like(leaf));
  return ran;
}

/// Of the largest number of each tensor, or of 1.
double largest_error(const std::vector<Tensor>& ours, const std::vector<Tensor>& exact) {
  double largest = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    REQUIRE(ours[i].sizes() == exact[i].sizes());
    if (ours[i].numel() == 0) continue;
    const double error = (ours[i].to(torch::kDouble) - exact[i]).abs().max().item<double>() /
                         std::max(1.0, exact[i].abs().max().item<double>());
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

TEST_CASE("attention operations: in double, results and derivatives are those of loops over the pairs",
          "[nn][attention][gradient]") {
  const auto operation_name = GENERATE_COPY(from_range(operation_names()));
  const auto shape = GENERATE_COPY(filter([](const auto& s) { return s != "one long"; }, from_range(group_shapes())));
  const auto seed = GENERATE(1U, 2U);
  CAPTURE(operation_name, shape, seed);
  const AttentionPairs pairs(random_groups(seed, shape), c10::kCPU);
  const auto operation = operations().at(operation_name);
  const auto operands = random_operands(operation, pairs, seed);
  const auto ours = run(operation.run, operands, pairs, torch::kDouble);
  const auto exact = run(operation.loops, operands, pairs, torch::kDouble);
  CHECK(largest_error(ours.results, exact.results) < 1e-12);
  CHECK(largest_error(ours.gradients, exact.gradients) < 1e-12);
}

TEST_CASE("attention operations: every instruction set computes in float32 what double gives",
          "[nn][attention][kernels][gradient]") {
  const auto operation_name = GENERATE_COPY(from_range(operation_names()));
  const auto shape = GENERATE_COPY(from_range(group_shapes()));
  const auto seed = GENERATE(1U, 2U);
  const AttentionPairs pairs(random_groups(seed, shape), c10::kCPU);
  const auto operation = operations().at(operation_name);
  const auto operands = random_operands(operation, pairs, seed);
  const auto exact = run(operation.run, operands, pairs, torch::kDouble);
  for (const Isa isa : available_isas()) {
    CAPTURE(name(isa), operation_name, shape, seed);
    const AttentionMachine machine(isa, 2);
    const auto ours = run(operation.run, operands, pairs, torch::kFloat);
    // The largest of all cases: 5.3e-7 of results, 8.0e-7 of derivatives by vectors, 5.0e-6 by the reference, which
    // sums up to 21,000 terms one after another.
    CHECK(largest_error(ours.results, exact.results) < 2e-6);
    CHECK(largest_error(ours.gradients, exact.gradients) < (isa == Isa::reference ? 1e-5 : 2e-6));
  }
}

TEST_CASE("attention operations: derivatives in double are those by differences", "[nn][attention][gradient]") {
  const auto operation_name = GENERATE_COPY(from_range(operation_names()));
  const auto shape = GENERATE(std::string("sentences"), std::string("shared keys"));
  CAPTURE(operation_name, shape);
  const AttentionPairs pairs(random_groups(4, shape), c10::kCPU);
  const auto operation = operations().at(operation_name);
  const auto operands = random_operands(operation, pairs, 5);
  const auto value = [&](const std::vector<Tensor>& at) {
    const torch::NoGradGuard no_gradient;
    torch::manual_seed(99);
    double sum = 0;
    for (const auto& result : operation.run(at, pairs)) {
      sum += (result * torch::rand(result.sizes(), torch::kDouble)).sum().item<double>();
    }
    return sum;
  };
  const auto ours = run(operation.run, operands, pairs, torch::kDouble);
  for (size_t i = 0; i < operands.size(); ++i) {
    CAPTURE(i);
    torch::manual_seed(7);
    const auto direction = torch::randn_like(operands[i]);
    auto there = operands, back = operands;
    const double step = 1e-5;
    there[i] = operands[i] + step * direction;
    back[i] = operands[i] - step * direction;
    const double slope = (value(there) - value(back)) / (2 * step);
    const double expected = (ours.gradients[i] * direction).sum().item<double>();
    CHECK(std::abs(slope - expected) < 1e-6 * std::max(1.0, std::abs(expected)));
  }
}

/// The rows of a batch that belong to one group, and the group alone.
struct Alone {
  Alone(const AttentionPairs& pairs, size_t number)
      : group(pairs.groups()[number]),
        pairs({{.first_query = 0, .queries = group.queries, .first_key = 0, .keys = group.keys}}, c10::kCPU) {}
  Tensor of_queries(const Tensor& rows) const { return rows.narrow(0, group.first_query, group.queries); }
  Tensor of_keys(const Tensor& rows) const { return rows.narrow(0, group.first_key, group.keys); }
  Tensor of_pairs(const Tensor& rows) const { return rows.narrow(0, group.first_pair, group.pairs()); }
  AttentionGroup group;
  AttentionPairs pairs;
};

TEST_CASE("attention operations: a sentence gets the same bits alone and in a batch, on any number of threads",
          "[nn][attention][kernels][batch]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const int threads = GENERATE(1, 2, 5);
  const bool causal = GENERATE(false, true);
  CAPTURE(name(isa), threads, causal);
  torch::manual_seed(3);
  std::vector<int64_t> queries{90, 40, 3, 61, 1, 90, 17, 33, 80, 95}, keys{80, 50, 7, 60, 90, 0, 17, 35, 90, 95};
  const auto pairs = pairs_of_sentences(queries, keys, c10::kCPU);
  const auto q = torch::randn({pairs.queries(), 256}) * 0.3, k = torch::randn({pairs.keys(), 256}) * 0.3,
             v = torch::randn({256});
  const auto reaching = torch::randn({pairs.queries(), 256});
  const auto all = [&](const AttentionPairs& of, const Tensor& rows, const Tensor& states, const Tensor& above) {
    std::vector<Tensor> leaves{rows.clone().requires_grad_(), states.clone().requires_grad_()}, made;
    const auto keep = [&](const Tensor& context, const Tensor& weights) {
      for (auto& leaf : leaves) leaf.mutable_grad() = Tensor();
      (context * above).sum().backward();
      made.insert(made.end(), {context.detach(), leaves[0].grad(), leaves[1].grad(), weights.detach()});
    };
    const auto dot = attend_dot(leaves[0], leaves[1], leaves[1], of, 0.1);
    keep(dot.context, dot.weights);
    const auto additive = attend_additive(leaves[0], leaves[1], leaves[1], v, of);
    keep(additive.context, additive.weights);
    keep(multi_head_attention(leaves[0], leaves[1], leaves[1], of, {.heads = 8, .scale = 0.2, .causal = causal}),
         dot.weights);
    return made;
  };
  const auto together = [&] {
    const AttentionMachine machine(isa, threads);
    return all(pairs, q, k, reaching);
  }();
  const AttentionMachine machine(isa, 1);
  for (size_t number = 0; number < queries.size(); ++number) {
    const Alone alone(pairs, number);
    const auto own = all(alone.pairs, alone.of_queries(q), alone.of_keys(k), alone.of_queries(reaching));
    for (size_t i = 0; i < own.size(); i += 4) {
      CAPTURE(number, i);
      CHECK(own[i].equal(alone.of_queries(together[i])));
      CHECK(own[i + 1].equal(alone.of_queries(together[i + 1])));
      CHECK(own[i + 2].equal(alone.of_keys(together[i + 2])));
      CHECK(own[i + 3].equal(alone.of_pairs(together[i + 3])));
    }
  }
}

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
  // Values that are one at a key and zero at others make a context of the weights.
  const auto shown = multi_head_weights(q, k, pairs, {.heads = 2, .scale = 0.5, .causal = true});
  for (int64_t pair = 0; pair < pairs.pairs(); ++pair) {
    auto values = torch::zeros({pairs.keys(), 2}, type);
    values[pairs.key()[pair].item<int64_t>()] = 1;
    const auto context = multi_head_attention(q, k, values, pairs, {.heads = 2, .scale = 0.5, .causal = true});
    CHECK(std::abs(context[pairs.query()[pair]].mean().item<double>() - shown[pair].item<double>()) < 1e-6);
  }
}

/// The weights that dropout leaves of a sentence of `keys` keys, from values that are one at a key and zero elsewhere.
Tensor dropped(const WeightDropout& dropout, int64_t queries, int64_t keys, at::ScalarType type) {
  const auto pairs = pairs_of_sentences({queries}, {keys}, c10::kCPU);
  const auto zeros = torch::zeros({queries, heads}, type), none = torch::zeros({keys, heads}, type);
  std::vector<Tensor> columns;
  for (int64_t key = 0; key < keys; ++key) {
    auto values = torch::zeros({keys, heads}, type);
    values[key] = static_cast<double>(keys);
    columns.push_back(multi_head_attention(zeros, none, values, pairs, {.heads = heads}, &dropout));
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

TEST_CASE("dropout of attention weights: drops its share and scales the rest, each place by itself",
          "[nn][attention][dropout]") {
  const auto mask = dropped(some_dropout({7}), 70, 90, at::kFloat);
  const double scale = 1 / 0.75;
  CHECK(((mask.abs() < 1e-6) | ((mask - scale).abs() < 1e-5)).all().item<bool>());
  CHECK(std::abs((mask == 0).to(torch::kDouble).mean().item<double>() - 0.25) < 0.02);  // 3 deviations are 0.01
  // No two queries, heads, pairs, sites, updates or seeds have a mask in common.
  const auto rows = mask.reshape({-1, 90});
  CHECK(std::get<0>(torch::unique_dim(rows.round(/*decimals=*/3), 0)).size(0) == 70 * heads);
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
    for (uint32_t head = 0; head < heads; ++head) {
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
        multi_head_attention(t[0], t[1], t[2], p, {.heads = heads, .scale = 0.5, .causal = causal}, &dropout)};
  };
  const auto operands = random_operands(operations().at("multi_head"), pairs, 1);
  const auto ours = run(attention, operands, pairs, torch::kFloat),
             plain = run(attention, operands, pairs, torch::kDouble);
  CHECK(largest_error(ours.results, plain.results) < 2e-6);
  CHECK(largest_error(ours.gradients, plain.gradients) < 1e-5);
}

TEST_CASE("additive scores: values far beyond the range of an exponential keep their tanh",
          "[nn][attention][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  CAPTURE(name(isa));
  const AttentionMachine machine(isa, 1);
  const std::vector<double> far{-1e6, -60, -45, -41, -39, -20, 0, 20, 39, 41, 45, 60, 1e6};
  const auto count = static_cast<int64_t>(far.size());
  const auto operation = operations().at("additive_scores");
  const AttentionPairs pairs({{.first_query = 0, .queries = count, .first_key = 0, .keys = count}}, c10::kCPU);
  auto operands = random_operands(operation, pairs, 1);
  for (int64_t i = 0; i < count; ++i) {
    operands[0].select(1, i % width)[i] = far[static_cast<size_t>(i)];
    operands[1].select(1, 0)[i] = -far[static_cast<size_t>(i)] + 0.5;
    operands[0].select(1, 0)[i] = far[static_cast<size_t>(i)];
  }
  const auto ours = run(operation.run, operands, pairs, torch::kFloat);
  const auto exact = run(operation.run, operands, pairs, torch::kDouble);
  CHECK(largest_error(ours.results, exact.results) < 2e-6);
  CHECK(largest_error(ours.gradients, exact.gradients) < 1e-5);
}

TEST_CASE("softmax by query: a score of minus infinity gets no weight, what is not a number stays visible",
          "[nn][attention][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto type = GENERATE(at::kFloat, at::kDouble);
  CAPTURE(name(isa));
  const AttentionMachine machine(isa, 1);
  const auto pairs = pairs_of_sentences({1, 1}, {3, 2}, c10::kCPU);
  const auto scores = torch::tensor(std::vector<double>{1, -INFINITY, 1, NAN, 1}, type);
  const auto weights = softmax_by_query(scores, pairs);
  CHECK(torch::allclose(weights.narrow(0, 0, 3), torch::tensor(std::vector<double>{0.5, 0, 0.5}, type)));
  CHECK(weights.narrow(0, 3, 2).isnan().all().item<bool>());
}

}  // namespace
}  // namespace seq2seq::nn
