#include "seq2seq/decode/scoring_rule.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "seq2seq/decode/search.h"
#include "seq2seq/text/vocabulary.h"
#include "test/decode/plain_search.h"
#include "test/decode/tree_predictor.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::test {
namespace {

using decode::DecodeOptions;
using decode::Hypothesis;
using Kind = decode::LengthNormalization::Kind;

constexpr double rule_rounding = 1e-12;  // only the order of sums differs

const std::vector<int64_t> covered_source{5, 4, 6, text::end_id};  // the end symbol needs no coverage

std::vector<Hypothesis> search_by_rule(const decode::Predictor& predictor, const DecodeOptions& options,
                                       int64_t longest) {
  return decode::search(predictor, data::pack({covered_source}, {0}), {{.longest = longest}}, options).front();
}

void require_ranked(const std::vector<Hypothesis>& found, const std::vector<Hypothesis>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    REQUIRE(found[i].ids == expected[i].ids);
    REQUIRE(found[i].cut == expected[i].cut);
    REQUIRE_THAT(found[i].score, WithinAbs(expected[i].score, rule_rounding));
    REQUIRE_THAT(found[i].ranking_score, WithinAbs(expected[i].ranking_score, rule_rounding));
  }
}

/// The options, and the same for plain_search().
struct TestedRule {
  DecodeOptions options;
  PlainSearch plain;
};

TestedRule rule_of(Kind kind, double repetition, double coverage) {
  TestedRule rule{{.repetition_penalty = repetition, .coverage_penalty = coverage},
                  {.repetition = repetition, .coverage = coverage}};
  rule.options.length_normalization.kind = rule.plain.normalization.kind = kind;
  return rule;
}

}  // namespace

TEST_CASE("scoring rule: with penalties, wide beams and exact search find the best of all outputs",
          "[decode][search][exact][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 7));
  const auto kind = GENERATE(Kind::none, Kind::average, Kind::gnmt);
  const double repetition = GENERATE(1.0, 1.3, 4.0), coverage = GENERATE(0.0, 0.2, 2.0);
  CAPTURE(seed, static_cast<int>(kind), repetition, coverage);
  const TreePredictor predictor({.seed = seed, .words = 3, .end_logit = -1});
  auto [options, plain] = rule_of(kind, repetition, coverage);
  auto expected = list_outputs(predictor, covered_source, 4);
  for (auto& output : expected) output.ranking_score = plain_rank(predictor, covered_source, output, plain);
  std::ranges::sort(expected, decode::better);
  const std::vector<Hypothesis> best(expected.begin(), expected.begin() + 3);

  options.n_best = 3;
  options.beam = 4 * std::ssize(expected);
  require_ranked(search_by_rule(predictor, options, 4), best);
  options.beam = 3;
  options.search = decode::SearchKind::exact;
  require_ranked(search_by_rule(predictor, options, 4), best);
}

TEST_CASE("scoring rule: beam search with penalties follows the rules written plainly", "[decode][search][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 7));
  const auto beam = GENERATE(1, 2, 5);
  const auto kind = GENERATE(Kind::none, Kind::average);
  const double repetition = GENERATE(1.0, 1.5, 8.0), coverage = GENERATE(0.0, 0.4);
  CAPTURE(seed, beam, static_cast<int>(kind), repetition, coverage);
  const TreePredictor predictor({.seed = seed, .words = 4, .sharpness = 3, .end_logit = -1});
  auto [options, plain] = rule_of(kind, repetition, coverage);
  options.beam = options.n_best = plain.beam = plain.n_best = beam;
  plain.longest = 7;
  require_ranked(search_by_rule(predictor, options, 7), plain_search(predictor, covered_source, plain));
}

TEST_CASE("diverse beam: groups follow the rules written plainly", "[decode][search][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 9));
  const auto [beam, groups] = GENERATE(table<int64_t, int64_t>({{2, 2}, {4, 2}, {6, 3}, {3, 3}, {4, 1}}));
  const double strength = GENERATE(0.0, 0.5, 20.0), repetition = GENERATE(1.0, 1.5);
  CAPTURE(seed, beam, groups, strength, repetition);
  const TreePredictor predictor({.seed = seed, .words = 5, .sharpness = 2, .end_logit = -0.5});
  DecodeOptions options{.beam = beam, .repetition_penalty = repetition};
  options.diverse_beam = {.groups = groups, .strength = strength};
  PlainSearch plain{.beam = beam, .longest = 6, .repetition = repetition, .groups = groups, .diversity = strength};
  for (const int64_t n_best : {int64_t{1}, beam}) {
    options.n_best = plain.n_best = n_best;
    require_ranked(search_by_rule(predictor, options, 6), plain_search(predictor, covered_source, plain));
  }
}

TEST_CASE("diverse beam: groups that must differ begin with different words", "[decode][search]") {
  const TreePredictor predictor({.seed = 4, .words = 6, .sharpness = 1, .end_logit = -30});
  DecodeOptions options{.beam = 4, .n_best = 4};
  options.diverse_beam = {.groups = 4, .strength = 1000};
  const auto found = search_by_rule(predictor, options, 1);
  std::vector<int64_t> first;
  for (const auto& output : found) first.push_back(output.ids.front());
  std::ranges::sort(first);
  CHECK(first.size() == 4);
  CHECK(std::ranges::adjacent_find(first) == first.end());
}

TEST_CASE("coverage: of every model that attends, ranks are the log-probability and what its attention leaves out",
          "[decode][search][property]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  const auto model = random_variant(name, 5);
  if (!model->attends()) return;
  CAPTURE(name);
  const decode::ModelPredictor predictor(*model);
  const auto ids = random_ids(1, {4, 2}, 9);
  const auto search = GENERATE(decode::SearchKind::beam, decode::SearchKind::exact);
  const auto found = decode::search(predictor, data::pack(ids, {0, 1}), {{.longest = 4}, {.longest = 3}},
                                    {.beam = 3, .n_best = 2, .coverage_penalty = 0.7, .search = search});
  for (size_t sentence = 0; sentence < ids.size(); ++sentence) {
    for (const auto& output : found[sentence]) {
      if (output.cut) continue;
      auto inputs = output.ids;
      inputs.insert(inputs.begin(), text::start_id);
      const auto weights = predictor.attention(data::pack({ids[sentence]}, {0}), data::pack({inputs}, {0}));  // [n, S]
      double expected = output.score;
      for (int64_t word = 0; word < weights.size(1); ++word) {
        if (ids[sentence][static_cast<size_t>(word)] == text::end_id) continue;
        const double sum = weights.select(1, word).sum().item<double>();
        expected += 0.7 * std::log(std::clamp(sum, 1e-10, 1.0));
      }
      CHECK_THAT(output.ranking_score, WithinAbs(expected, 1e-9));
    }
  }
}

}  // namespace seq2seq::test
