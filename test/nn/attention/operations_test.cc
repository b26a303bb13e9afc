#include "seq2seq/nn/attention/operations.h"

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include "seq2seq/core/isa.h"
#include "test/nn/attention/random_groups.h"
#include "test/nn/attention/running.h"
#include "test/support/catch.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;
using at::Tensor;

/// An operation: its name, the shapes of its operands, and the same as loops.
struct Operation {
  using Shapes = std::vector<std::vector<int64_t>>;
  std::function<Shapes(const AttentionPairs&)> shapes;
  std::function<std::vector<Tensor>(const std::vector<Tensor>&, const AttentionPairs&)> run, loops;
};

constexpr int64_t width = 19, value_width = 37, heads = 3;

int64_t rows_of_keys(const AttentionPairs& pairs) { return pairs.keys() + 1; }  // one more than the queries read

// The loops: pair by pair, in double, from tensors of one row each.

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

std::vector<Tensor> random_operands(const Operation& operation, const AttentionPairs& pairs, unsigned seed) {
  torch::manual_seed(seed);
  std::vector<Tensor> operands;
  for (const auto& shape : operation.shapes(pairs)) operands.push_back(torch::randn(shape, torch::kDouble) * 0.5);
  return operands;
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

/// The rows of a batch that belong to one group, and the group by itself.
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
