#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <torch/csrc/autograd/autograd.h>
#include <torch/utils.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/config/tree.h"
#include "seq2seq/nn/attention/attention.h"
#include "seq2seq/nn/attention/multi_head.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;
using at::Tensor;

constexpr int64_t query_width = 5, memory_width = 6;

/// Makes a small attention with random parameters.
std::shared_ptr<Attention> random_attention(const std::string& kind, const Values& values, int64_t query = query_width,
                                            int64_t memory = memory_width) {
  const auto registry = builtin_attentions();
  const auto attention = registry.make(small(registry, kind, values), {.query = query, .memory = memory, .place = {}});
  randomize(*attention, 3, torch::kDouble);
  return attention;
}

/// The weights of one query for the states of its sentence, by the equations of the kind.
using Loop =
    std::function<std::vector<double>(const Attention&, const Tensor& query, const Tensor& states, int64_t position)>;

Tensor parameter(const Attention& attention, const std::string& name) {
  return attention.named_parameters()[name].detach();
}

std::vector<double> softmax_of(std::vector<double> scores) {
  double sum = 0;
  for (auto& score : scores) sum += score = std::exp(score);
  for (auto& score : scores) score /= sum;
  return scores;
}

double dot_of(const Tensor& a, const Tensor& b) { return (a * b).sum().item<double>(); }

std::vector<double> scores_of(const Tensor& states, const std::function<double(const Tensor& state)>& score) {
  std::vector<double> scores;
  for (int64_t s = 0; s < states.size(0); ++s) scores.push_back(score(states[s]));
  return scores;
}

std::vector<double> concat_weights(const Attention& a, const Tensor& query, const Tensor& states, int64_t) {
  return softmax_of(scores_of(states, [&](const Tensor& state) {
    return dot_of(parameter(a, "score_weight"), parameter(a, "weight").mv(torch::cat({query, state})).tanh());
  }));
}

std::vector<double> location_weights(const Attention& a, const Tensor& query, const Tensor& states, int64_t) {
  const auto scores = parameter(a, "weight").mv(query);
  std::vector<double> known;
  for (int64_t s = 0; s < std::min(states.size(0), scores.size(0)); ++s) known.push_back(scores[s].item<double>());
  auto weights = softmax_of(known);
  weights.resize(static_cast<size_t>(states.size(0)), 0.0);
  return weights;
}

/// Computes the softmax of general scores over the states at most `window` from the centre.
std::vector<double> window_weights(const Attention& a, const Tensor& query, const Tensor& states, double centre,
                                   double window) {
  const auto general = parameter(a, "weight");
  auto weights = scores_of(states, [&](const Tensor& state) { return dot_of(query, general.mv(state)); });
  double sum = 0;
  for (size_t s = 0; s < weights.size(); ++s) {
    weights[s] = std::abs(static_cast<double>(s) - centre) <= window ? std::exp(weights[s]) : 0;
    sum += weights[s];
  }
  for (auto& weight : weights) weight /= sum;
  return weights;
}

std::vector<double> local_m_weights(const Attention& a, const Tensor& query, const Tensor& states, int64_t position) {
  return window_weights(a, query, states, static_cast<double>(std::min(position, states.size(0) - 1)), 2);
}

std::vector<double> local_p_weights(const Attention& a, const Tensor& query, const Tensor& states, int64_t) {
  const double predicted =
      dot_of(parameter(a, "position_score_weight"), parameter(a, "position_weight").mv(query).tanh());
  const double centre = static_cast<double>(states.size(0)) / (1 + std::exp(-predicted));
  auto weights = window_weights(a, query, states, centre, 2);
  for (size_t s = 0; s < weights.size(); ++s) {
    const double distance = static_cast<double>(s) - centre;
    weights[s] *= std::exp(-distance * distance / 2);  // deviation 2 / 2
  }
  return weights;
}

struct Known {
  std::string kind;
  Values values;
  Loop weights;
};

std::vector<Known> known_kinds() {
  return {{"concat", {}, concat_weights},
          {"location", {{"longest", "4"}}, location_weights},
          {"local_m", {{"window", "2"}}, local_m_weights},
          {"local_p", {{"window", "2"}}, local_p_weights}};
}

/// Sentences of one word, of several, and of more than a window or the known positions.
struct Batch {
  Batch() {
    torch::manual_seed(8);
    states = torch::randn({pairs.keys(), memory_width}, torch::kDouble);
    rows = torch::randn({pairs.queries(), query_width}, torch::kDouble);
    std::vector<int64_t> steps;
    for (const auto& group : pairs.groups()) {
      for (int64_t i = 0; i < group.queries; ++i) steps.push_back(i);
    }
    position = torch::tensor(steps);
  }
  AttentionPairs pairs = pairs_of_sentences({3, 6, 1, 12, 2}, {1, 4, 7, 9, 12}, c10::kCPU);
  Tensor states, rows, position;
};

TEST_CASE("attention kinds: weights and contexts are those of loops over queries and states", "[nn][attention]") {
  const auto known = GENERATE_COPY(from_range(known_kinds()));
  CAPTURE(known.kind);
  const auto attention = random_attention(known.kind, known.values);
  const torch::NoGradGuard no_gradient;
  const Batch batch;
  const auto result = attention->attend({.rows = batch.rows, .position = batch.position, .past = {}},
                                        attention->prepare(batch.states), batch.pairs);
  for (const auto& group : batch.pairs.groups()) {
    const auto states = batch.states.narrow(0, group.first_key, group.keys);
    for (int64_t i = 0; i < group.queries; ++i) {
      CAPTURE(group.first_query, i);
      const auto weights =
          torch::tensor(known.weights(*attention, batch.rows[group.first_query + i], states, i), torch::kDouble);
      const auto ours = result.weights.narrow(0, group.first_pair + i * group.keys, group.keys);
      CHECK(torch::allclose(ours, weights, 0, 1e-12));
      CHECK(weights.sum().item<double>() < 1 + 1e-12);
      CHECK(torch::allclose(result.context[group.first_query + i], weights.matmul(states), 0, 1e-12));
    }
  }
}

TEST_CASE("attention kinds: multi_head is the heads' scaled dot products of its projections", "[nn][attention]") {
  const auto attention = random_attention("multi_head", {{"heads", "2"}, {"width", "8"}});
  const torch::NoGradGuard no_gradient;
  const Batch batch;
  const auto result = attention->attend({.rows = batch.rows, .position = batch.position, .past = {}},
                                        attention->prepare(batch.states), batch.pairs);
  for (const auto& group : batch.pairs.groups()) {
    const auto states = batch.states.narrow(0, group.first_key, group.keys);
    const auto queries = batch.rows.narrow(0, group.first_query, group.queries);
    std::vector<Tensor> heads, weights;
    for (const int64_t head : {0, 1}) {
      const auto of = [&](const char* name, const Tensor& rows) {
        return rows.matmul(parameter(*attention, name).narrow(0, 4 * head, 4).t());
      };
      weights.push_back((of("query_weight", queries).matmul(of("key_weight", states).t()) / 2).softmax(1));  // sqrt(4)
      heads.push_back(weights.back().matmul(of("value_weight", states)));
    }
    const auto context = torch::cat(heads, 1).matmul(parameter(*attention, "output_weight").t());
    CHECK(torch::allclose(result.context.narrow(0, group.first_query, group.queries), context, 0, 1e-12));
    const auto shown = result.weights.narrow(0, group.first_pair, group.pairs());
    CHECK(torch::allclose(shown, torch::stack(weights).mean(0).flatten(), 0, 1e-12));
  }
}

TEST_CASE("attention kinds: in float32 what double gives, with the same derivatives", "[nn][attention][gradient]") {
  const auto kind = GENERATE_COPY(from_range(builtin_attentions().names()));
  CAPTURE(kind);
  const Batch batch;
  const auto run = [&](at::ScalarType type) {
    auto attention = random_attention(kind, {{"window", "2"}, {"longest", "4"}}, query_width, query_width);
    attention->to(type);
    const auto rows = batch.rows.to(type, /*non_blocking=*/false, /*copy=*/true).requires_grad_();
    const auto states = batch.states.narrow(1, 0, query_width).to(type, false, true).contiguous().requires_grad_();
    const auto result = attention->attend({.rows = rows, .position = batch.position, .past = {}},
                                          attention->prepare(states), batch.pairs);
    torch::manual_seed(5);
    (result.context * torch::randn(result.context.sizes(), torch::kDouble).to(type)).sum().backward();
    std::vector<Tensor> all{result.context.detach(), states.grad()};
    if (rows.grad().defined()) all.push_back(rows.grad());
    for (const auto& one : attention->parameters()) all.push_back(one.grad());
    return all;
  };
  const auto exact = run(torch::kDouble), ours = run(torch::kFloat);
  REQUIRE(exact.size() == ours.size());
  for (size_t i = 0; i < exact.size(); ++i) {
    CAPTURE(i);
    // A small sum of large terms has the rounding of its terms, so the bound is relative to the largest number.
    const double largest = exact[i].abs().max().item<double>();
    CHECK((ours[i].to(torch::kDouble) - exact[i]).abs().max().item<double>() < 2e-6 * std::max(1.0, largest));
  }
}

TEST_CASE("attention kinds: what does not fit is refused with what to do", "[nn][attention][error]") {
  CHECK_THROWS_WITH(random_attention("local_m", {{"score", "dot"}}),
                    ContainsSubstring("`local_m`") && ContainsSubstring("score: general"));
  CHECK_THROWS_WITH(random_attention("local_p", {{"score", "dot"}}), ContainsSubstring("as wide (5)"));
  CHECK(random_attention("local_m", {{"score", "dot"}}, 6, 6)->parameters().empty());
  MultiHeadAttentionOptions options{.heads = 3, .width = 32};
  config::Keys keys;
  declare(keys, options);
  CHECK_THAT(keys.tree().rules.at(0).wrong(), ContainsSubstring("3 heads do not divide a width of 32"));
  options.width = 33;
  CHECK(keys.tree().rules.at(0).wrong().empty());
}

}  // namespace
}  // namespace seq2seq::nn
