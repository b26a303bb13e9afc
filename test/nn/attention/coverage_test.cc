#include "seq2seq/nn/attention/coverage.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include "seq2seq/nn/attention/block.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;
using at::Tensor;

constexpr int64_t asking_width = 5, asked_width = 6;
const std::vector<std::string> covered_kinds{"additive", "concat", "general"};

std::shared_ptr<Attention> covered(const std::string& kind) {
  const auto registry = builtin_attentions();
  const auto attention = registry.make(small(registry, kind),
                                       {.query = asking_width, .memory = asked_width, .place = {}, .coverage = true});
  randomize(*attention, 3, torch::kDouble);
  return attention;
}

/// Sentences of one and of several words; several queries of one sentence, and a sentence without queries.
struct CoveredBatch {
  CoveredBatch() {
    torch::manual_seed(8);
    states = torch::randn({pairs.keys(), asked_width}, torch::kDouble);
    rows = torch::randn({pairs.queries(), asking_width}, torch::kDouble);
    past = torch::rand({pairs.pairs()}, torch::kDouble) * 3;
  }
  AttentionPairs pairs = pairs_of_sentences({3, 0, 1, 5}, {4, 2, 1, 9}, c10::kCPU);
  Tensor states, rows, past;
};

AttentionResult attend_batch(const Attention& attention, const CoveredBatch& batch) {
  return attention.attend({.rows = batch.rows, .position = {}, .past = batch.past}, attention.prepare(batch.states),
                          batch.pairs);
}

/// Computes the score of one pair by the equation of the kind, term by term.
double covered_score(const Attention& attention, const std::string& kind, const Tensor& query, const Tensor& state,
                     const Tensor& past) {
  const auto parameter = [&](const char* name) { return attention.named_parameters()[name].detach(); };
  const auto cover = parameter("coverage_weight") * past;
  if (kind == "general") return query.dot(parameter("weight").mv(state) + cover).item<double>();
  const auto inside = kind == "concat" ? parameter("weight").mv(torch::cat({query, state}))
                                       : parameter("query_weight").mv(query) + parameter("memory_weight").mv(state);
  return parameter("score_weight").dot((inside + cover).tanh()).item<double>();
}

TEST_CASE("coverage: weights are those of loops over queries and states", "[nn][attention]") {
  const auto kind = GENERATE_COPY(from_range(covered_kinds));
  CAPTURE(kind);
  const torch::NoGradGuard no_gradient;
  const auto attention = covered(kind);
  REQUIRE(attention->needs_past());
  const CoveredBatch batch;
  const auto found = attend_batch(*attention, batch);
  for (const auto& group : batch.pairs.groups()) {
    for (int64_t i = 0; i < group.queries; ++i) {
      const int64_t first = group.first_pair + i * group.keys;
      std::vector<double> scores;
      for (int64_t j = 0; j < group.keys; ++j)
        scores.push_back(covered_score(*attention, kind, batch.rows[group.first_query + i],
                                       batch.states[group.first_key + j], batch.past[first + j]));
      const auto weights = torch::tensor(scores, torch::kDouble).softmax(0);
      CHECK(torch::allclose(found.weights.narrow(0, first, group.keys), weights, 0, 1e-12));
      const auto context = weights.matmul(batch.states.narrow(0, group.first_key, group.keys));
      CHECK(torch::allclose(found.context[group.first_query + i], context, 0, 1e-12));
    }
  }
}

TEST_CASE("coverage: in float32 what double gives, with the same derivatives", "[nn][attention][gradient]") {
  const auto kind = GENERATE_COPY(from_range(covered_kinds));
  CAPTURE(kind);
  const auto run = [&](at::ScalarType type) {
    const auto attention = covered(kind);
    attention->to(type);
    CoveredBatch batch;
    for (auto* leaf : {&batch.states, &batch.rows, &batch.past})
      *leaf = leaf->to(type, /*non_blocking=*/false, /*copy=*/true).requires_grad_();
    const auto found = attend_batch(*attention, batch);
    torch::manual_seed(5);
    const auto along = [&](const Tensor& made) {
      return (made * torch::randn(made.sizes(), torch::kDouble).to(type)).sum();
    };
    (along(found.context) + along(found.weights)).backward();
    std::vector<Tensor> all{found.context.detach(), batch.states.grad(), batch.rows.grad(), batch.past.grad()};
    for (const auto& one : attention->parameters()) all.push_back(one.grad());
    return all;
  };
  const auto exact = run(torch::kDouble), ours = run(torch::kFloat);
  REQUIRE(exact.size() == ours.size());
  for (size_t i = 0; i < exact.size(); ++i) {
    CAPTURE(i);
    CHECK(torch::allclose(ours[i].to(torch::kDouble), exact[i], 1e-5, 1e-5));
  }
}

TEST_CASE("coverage: attention that cannot read it is refused by name", "[nn][attention][error]") {
  const auto blocks = blocks_of(std::make_shared<AttentionRegistry>(builtin_attentions()));
  for (const auto& kind : builtin_attentions().names()) {
    CAPTURE(kind);
    const auto make = [&] {
      return blocks.make(small(blocks, kind, {{"coverage", "true"}}),
                         {.memory = 4, .bottom = 4, .top = 4, .embedding = 4, .layers = 1, .place = {}});
    };
    if (std::ranges::count(covered_kinds, kind) > 0) {
      CHECK(make()->stepwise());
    } else {
      CHECK_THROWS_WITH(make(), ContainsSubstring("`" + kind + "`") && ContainsSubstring("coverage: false"));
    }
  }
}

}  // namespace
}  // namespace seq2seq::nn
