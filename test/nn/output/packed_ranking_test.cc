#include "seq2seq/nn/output/packed_ranking.h"

#include <memory>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <torch/utils.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/isa.h"
#include "seq2seq/nn/output/noise_contrastive.h"
#include "seq2seq/nn/output/output.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;
using at::Tensor;

Ids ids_of(const std::vector<int64_t>& ids) { return at::tensor(ids, at::kLong); }

std::shared_ptr<OutputLayer> ranking_output(const std::string& kind, int64_t cells, int64_t words,
                                            at::ScalarType type) {
  const auto outputs = builtin_outputs();
  auto output = outputs.make(small(outputs, kind), {.width = cells, .vocabulary = words});
  randomize(*output, 3, type);
  return output;
}

void check_same(const OutputLayer& output, const Features& features, int64_t k, const Bans& bans) {
  const auto found = output.ranking()->top_k(features, k, bans), plain = output.top_k(features, k, bans);
  CHECK(found.ids.equal(plain.ids));
  CHECK(found.scores.scalar_type() == at::kDouble);
  CHECK(at::allclose(found.scores, plain.scores, 1e-6, 1e-5, /*equal_nan=*/true));
}

TEST_CASE("ranking: every kind of output layer finds what top_k() finds", "[nn][output][search]") {
  std::vector<std::string> kinds;
  for (const auto& name : builtin_outputs().names())
    if (name != "copy") kinds.push_back(name);
  const auto kind = GENERATE_COPY(from_range(kinds));
  const auto type = GENERATE(at::kFloat, at::kDouble);
  const int64_t k = GENERATE(0, 1, 4, 11, 20, 500);
  CAPTURE(kind, k);
  torch::manual_seed(2);
  const auto output = ranking_output(kind, 4, k == 500 ? 700 : 11, type);
  const Features features{.rows = at::randn({5, 4}, type), .attention = {}};
  check_same(*output, features, k, {});
  check_same(*output, features, k, {.words = ids_of({1, 3, 1}), .rows = {}, .row_words = {}});
  check_same(*output, features, k, {.words = {}, .rows = ids_of({4, 0, 0}), .row_words = ids_of({2, 10, 0})});
  check_same(*output, features, k,
             {.words = ids_of({10}),
              .rows = ids_of({2, 2, 2, 2, 2, 2, 2, 2}),
              .row_words = ids_of({0, 1, 2, 3, 4, 5, 6, 10})});
  check_same(*output, {.rows = features.rows.narrow(0, 0, 0), .attention = {}}, k, {});
}

TEST_CASE("ranking: equal scores come in the order of ids, as from top_k()", "[nn][output][search]") {
  const auto output = ranking_output("full", 3, 500, at::kFloat);
  const at::NoGradGuard no_gradient;
  for (auto& parameter : output->parameters()) parameter.copy_(at::randint(-1, 2, parameter.sizes(), at::kFloat));
  const Features features{.rows = at::ones({4, 3}), .attention = {}};
  for (const int64_t k : {1, 5, 60, 100}) check_same(*output, features, k, {});
}

TEST_CASE("ranking: scores are those of score()", "[nn][output][search]") {
  torch::manual_seed(4);
  const auto output = ranking_output("full", 24, 900, at::kFloat);
  const Features features{.rows = at::randn({6, 24}), .attention = {}};
  const auto best = output->ranking()->top_k(features, 5, {});
  for (int64_t place = 0; place < 5; ++place)
    CHECK(at::allclose(best.scores.select(1, place), output->score(features, best.ids.select(1, place)), 0, 2e-6));
}

TEST_CASE("ranking: self-normalized search ranks by logits", "[nn][output][search]") {
  const OutputContext context{.width = 4, .vocabulary = 50};
  NoiseContrastiveOutput output({{true, 6}, /*self_normalized=*/true}, context);
  randomize(output, 3, at::kFloat);
  torch::manual_seed(2);
  check_same(output, {.rows = at::randn({5, 4}), .attention = {}}, 6,
             {.words = ids_of({5}), .rows = {}, .row_words = {}});
}

TEST_CASE("ranking: weights that are no numbers give what top_k() gives", "[nn][output][search]") {
  const double broken = GENERATE(double{NAN}, double{INFINITY}, -double{INFINITY});
  const auto output = ranking_output("full", 4, 60, at::kFloat);
  const at::NoGradGuard no_gradient;
  output->named_parameters()["bias"][17] = broken;
  const Features features{.rows = at::ones({3, 4}), .attention = {}};
  const auto found = output->ranking()->top_k(features, 60, {}), plain = output->top_k(features, 60, {});
  CHECK(found.scores.isnan().equal(plain.scores.isnan()));
  CHECK(found.scores.isfinite().equal(plain.scores.isfinite()));
}

TEST_CASE("ranking: layers are mixed by their log-probabilities where kernels serve all of them",
          "[nn][output][search]") {
  torch::manual_seed(6);
  const auto mixture = GENERATE(Mixture::probabilities, Mixture::log_probabilities);
  const auto first = ranking_output("full", 4, 60, at::kFloat), second = ranking_output("sampled", 9, 60, at::kFloat);
  const auto first_ranking = first->ranking(), second_ranking = second->ranking();
  const Features of_first{.rows = at::randn({5, 4}), .attention = {}},
      of_second{.rows = at::randn({5, 9}), .attention = {}};
  const std::vector<MixedLayer> layers{{first_ranking.get(), &of_first, 0.7}, {second_ranking.get(), &of_second, 0.2}};
  const Bans bans{.words = ids_of({5}), .rows = ids_of({4, 0}), .row_words = ids_of({2, 10})};
  const auto found = mixture_top_k(layers, mixture, 7, bans);
  const bool kernels = best_isa() != Isa::reference;
  REQUIRE(found.has_value() == kernels);
  if (!kernels) return;
  const auto a = first->log_probabilities(of_first), b = second->log_probabilities(of_second);
  const auto all = mixture == Mixture::probabilities ? (0.7 * a.exp() + 0.2 * b.exp()).log() : 0.7 * a + 0.2 * b;
  const auto expected = best_words(all, {}, 7, bans);
  CHECK(found->ids.equal(expected.ids));
  CHECK(at::allclose(found->scores, expected.scores, 0, 1e-5));

  for (const auto& [kind, type] : {std::pair{"adaptive", at::kFloat}, {"full", at::kDouble}}) {
    const auto other = ranking_output(kind, 4, 60, type);
    const auto other_ranking = other->ranking();
    const Features of_other{.rows = at::randn({5, 4}, type), .attention = {}};
    CHECK_FALSE(mixture_top_k({layers[0], {other_ranking.get(), &of_other, 0.1}}, mixture, 7, bans).has_value());
  }
  NoiseContrastiveOutput by_logits({{true, 6}, /*self_normalized=*/true}, {.width = 4, .vocabulary = 60});
  randomize(by_logits, 3, at::kFloat);
  const auto logits_ranking = by_logits.ranking();
  CHECK_FALSE(mixture_top_k({{logits_ranking.get(), &of_first, 1}}, mixture, 7, bans).has_value());
}

TEST_CASE("ranking: rows of another width, and words that there are none of, are errors", "[nn][output][error]") {
  const auto output = ranking_output("full", 4, 60, at::kFloat);
  const auto ranking = output->ranking();
  CHECK_THROWS_AS(ranking->top_k({.rows = at::ones({3, 5}), .attention = {}}, 3, {}), ShapeError);
  const Features features{.rows = at::ones({3, 4}), .attention = {}};
  CHECK_THROWS(ranking->top_k(features, 3, {.words = ids_of({60}), .rows = {}, .row_words = {}}));
  CHECK_THROWS(ranking->top_k(features, 3, {.words = {}, .rows = ids_of({3}), .row_words = ids_of({1})}));
}

}  // namespace
}  // namespace seq2seq::nn
