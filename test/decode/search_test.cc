#include "seq2seq/decode/search.h"

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <ATen/ops/full.h>

#include "seq2seq/core/error.h"
#include "seq2seq/text/vocabulary.h"
#include "test/decode/plain_search.h"
#include "test/decode/tree_predictor.h"
#include "test/support/catch.h"

namespace seq2seq::test {
namespace {

using decode::DecodeOptions;
using decode::Hypothesis;

constexpr double rounding = 1e-12;  // only the order of sums differs

DecodeOptions options_of(int64_t beam, int64_t n_best, int64_t longest) {
  return {.beam = beam, .n_best = n_best, .max_length = {.ratio = 0, .plus = longest, .limit = 1000}};
}

nn::Packed pack(const std::vector<std::vector<int64_t>>& sources) {
  return data::pack(sources, std::vector<int64_t>(sources.size(), 0));
}

std::vector<std::vector<Hypothesis>> search_sources(const decode::Predictor& predictor,
                                                    const std::vector<std::vector<int64_t>>& sources,
                                                    const DecodeOptions& options) {
  std::vector<decode::OutputLength> lengths;
  lengths.reserve(sources.size());
  for (const auto& source : sources)
    lengths.push_back({.longest = decode::longest_output(options.max_length, std::ssize(source))});
  return decode::search(predictor, pack(sources), lengths, options);
}

std::vector<Hypothesis> search_one(const decode::Predictor& predictor, const std::vector<int64_t>& source,
                                   const DecodeOptions& options) {
  return search_sources(predictor, {source}, options).at(0);
}

void require_same(const std::vector<Hypothesis>& found, const std::vector<Hypothesis>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    REQUIRE(found[i].ids == expected[i].ids);
    REQUIRE(found[i].cut == expected[i].cut);
    REQUIRE_THAT(found[i].score, WithinAbs(expected[i].score, rounding));
    REQUIRE(found[i].token_scores.size() == expected[i].token_scores.size());
    for (size_t j = 0; j < found[i].token_scores.size(); ++j) {
      REQUIRE_THAT(found[i].token_scores[j], WithinAbs(expected[i].token_scores[j], rounding));
    }
  }
}

/// Every word has the same score, so that only the order of ids decides.
class EqualPredictor final : public decode::Predictor {
 public:
  explicit EqualPredictor(double score) : score_(score) {}
  std::unique_ptr<decode::PredictorState> start(const decode::Sources&) const override {
    return std::make_unique<State>();
  }
  void read(decode::PredictorState& state, const nn::Ids& survivors, const nn::Ids&) const override {
    dynamic_cast<State&>(state).rows = survivors.size(0);
  }
  void append(decode::PredictorState& state, const decode::PredictorState& other) const override {
    dynamic_cast<State&>(state).rows += dynamic_cast<const State&>(other).rows;
  }
  std::unique_ptr<decode::PredictorState> selected(const decode::PredictorState&,
                                                   const nn::Ids& hypotheses) const override {
    auto chosen = std::make_unique<State>();
    chosen->rows = hypotheses.size(0);
    return chosen;
  }
  nn::TopK best(const decode::PredictorState& state, int64_t, const nn::Bans&) const override {
    const auto ids = at::tensor({2, 3, 4}, at::kLong).unsqueeze(0).repeat({dynamic_cast<const State&>(state).rows, 1});
    return {at::full_like(ids, score_, at::kDouble), ids};
  }
  at::Tensor log_probabilities(const decode::PredictorState&, int64_t, int64_t) const override { return {}; }
  at::Tensor score(const decode::Sources&, const nn::Packed&, const nn::Packed&, const nn::Ids&) const override {
    return {};
  }

 private:
  struct State final : decode::PredictorState {
    int64_t rows = 0;
  };
  double score_;
};

}  // namespace

TEST_CASE("beam search: with a beam as wide as the space, equals exhaustive search", "[decode][search][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 9));
  const auto [words, longest] = GENERATE(table<int64_t, int64_t>({{1, 6}, {2, 4}, {3, 3}, {5, 2}, {3, 0}}));
  CAPTURE(seed, words, longest);
  const TreePredictor predictor({.seed = seed, .words = words});
  const auto expected = list_outputs(predictor, {5, 4}, longest);
  const auto space = static_cast<int64_t>(expected.size()) * (words + 1);  // extensions, ended or not

  require_same(search_one(predictor, {5, 4}, options_of(space, static_cast<int64_t>(expected.size()), longest)),
               expected);
  require_same(search_one(predictor, {5, 4}, options_of(space, 1, longest)), {expected.front()});
}

TEST_CASE("beam search: equals the rules written plainly", "[decode][search][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 21));
  const auto beam = GENERATE(range<int64_t>(1, 7));
  const double end_logit = GENERATE(-3.0, 0.0, 2.0);
  const bool refill = GENERATE(true, false);
  CAPTURE(seed, beam, end_logit, refill);
  const TreePredictor predictor({.seed = seed, .words = 4, .sharpness = 3, .end_logit = end_logit});
  for (int64_t n_best = 1; n_best <= beam; ++n_best) {
    CAPTURE(n_best);
    auto options = options_of(beam, n_best, 6);
    options.refill = refill;
    require_same(search_one(predictor, {3}, options),
                 plain_search(predictor, {3}, {.beam = beam, .n_best = n_best, .longest = 6, .refill = refill}));
  }
}

TEST_CASE("beam search: equals the rules written plainly where many scores are equal", "[decode][search][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 21));
  const auto beam = GENERATE(range<int64_t>(1, 7));
  CAPTURE(seed, beam);
  const TreePredictor predictor({.seed = seed, .words = 4, .sharpness = 2, .grain = 0.5});
  require_same(search_one(predictor, {3}, options_of(beam, beam, 6)),
               plain_search(predictor, {3}, {.beam = beam, .n_best = beam, .longest = 6}));
}

TEST_CASE("beam search: dropping hypotheses that cannot win changes nothing unless one is cut",
          "[decode][search][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 21));
  const auto beam = GENERATE(range<int64_t>(1, 7));
  CAPTURE(seed, beam);
  const TreePredictor predictor({.seed = seed, .words = 4, .sharpness = 3, .end_logit = 1});
  for (int64_t n_best = 1; n_best <= beam; ++n_best) {
    const auto expected =
        plain_search(predictor, {3}, {.beam = beam, .n_best = n_best, .longest = 30, .drop_beaten = false});
    for (const auto& hypothesis : expected) REQUIRE_FALSE(hypothesis.cut);
    require_same(search_one(predictor, {3}, options_of(beam, n_best, 30)), expected);
  }
}

TEST_CASE("beam search: with length normalization, a beam as wide as the space finds the best of all outputs",
          "[decode][search][property]") {
  using Kind = decode::LengthNormalization::Kind;
  const auto seed = GENERATE(range<uint64_t>(1, 9));
  const auto normalization =
      GENERATE(decode::LengthNormalization{Kind::average}, decode::LengthNormalization{Kind::gnmt, 0.6},
               decode::LengthNormalization{Kind::gnmt, 2});
  CAPTURE(seed, static_cast<int>(normalization.kind), normalization.alpha);
  const TreePredictor predictor({.seed = seed, .words = 3, .end_logit = 1});
  auto expected = list_outputs(predictor, {5, 4}, 4);
  for (auto& output : expected) output.ranking_score = output.score / normalization.divisor(std::ssize(output.ids) + 1);
  std::sort(expected.begin(), expected.end(), decode::better);
  const auto space = std::ssize(expected) * 4;
  for (const int64_t n_best : {int64_t{1}, int64_t{7}, std::ssize(expected)}) {
    auto options = options_of(space, n_best, 4);
    options.length_normalization = normalization;
    require_same(search_one(predictor, {5, 4}, options), {expected.begin(), expected.begin() + n_best});
  }
}

TEST_CASE("length normalization: divisors are those of the papers", "[decode][search]") {
  using Kind = decode::LengthNormalization::Kind;
  CHECK(decode::LengthNormalization{Kind::none}.divisor(9) == 1);
  CHECK(decode::LengthNormalization{Kind::average}.divisor(9) == 9);
  CHECK(decode::LengthNormalization{Kind::average}.divisor(0) == 1);  // an output that was cut at once
  CHECK_THAT((decode::LengthNormalization{Kind::gnmt, 0.6}.divisor(9)), WithinAbs(std::pow(14.0 / 6, 0.6), 1e-12));
  CHECK((decode::LengthNormalization{Kind::gnmt, 0}.divisor(9)) == 1);
}

TEST_CASE("beam search: normalized, without repeated n-grams, it follows the rules written plainly",
          "[decode][search][property]") {
  using Kind = decode::LengthNormalization::Kind;
  const auto seed = GENERATE(range<uint64_t>(1, 11));
  const auto beam = GENERATE(1, 2, 5);
  const auto no_repeat = GENERATE(0, 1, 2, 3);
  const auto kind = GENERATE(Kind::none, Kind::average, Kind::gnmt);
  CAPTURE(seed, beam, no_repeat, static_cast<int>(kind));
  const TreePredictor predictor({.seed = seed, .words = 3, .sharpness = 3, .end_logit = -1});
  auto options = options_of(beam, beam, 7);
  options.no_repeat_ngram = no_repeat;
  options.length_normalization.kind = kind;
  PlainSearch plain{.beam = beam, .n_best = beam, .longest = 7, .no_repeat = no_repeat};
  plain.normalization.kind = kind;
  const auto found = search_one(predictor, {3}, options);
  require_same(found, plain_search(predictor, {3}, plain));
  for (const auto& output : found) {
    std::set<std::vector<int64_t>> seen;
    for (int64_t start = 0; no_repeat > 0 && start + no_repeat <= std::ssize(output.ids); ++start)
      REQUIRE(seen.insert({output.ids.begin() + start, output.ids.begin() + start + no_repeat}).second);
  }
}

TEST_CASE("beam search: where every word is banned before the shortest length, the output is cut", "[decode][search]") {
  const TreePredictor predictor({.seed = 2, .words = 2});
  const DecodeOptions options{.beam = 3, .no_repeat_ngram = 1};
  const auto found =
      decode::search(predictor, pack({{3}, {4}}), {{.shortest = 5, .longest = 9}, {.longest = 9}}, options);
  REQUIRE(found[0].size() == 1);
  CHECK(found[0][0].cut);
  CHECK(found[0][0].ids.size() == 2);
  CHECK_FALSE(found[1][0].cut);
}

TEST_CASE("beam search: out of patience, it ends with the outputs that are complete", "[decode][search]") {
  const auto seed = GENERATE(range<uint64_t>(1, 11));
  const auto patience = GENERATE(0.5, 1.0, 2.0);
  CAPTURE(seed, patience);
  const TreePredictor predictor({.seed = seed, .words = 6, .sharpness = 2});
  auto options = options_of(4, 1, 30);
  options.length_normalization.kind =
      decode::LengthNormalization::Kind::average;  // that exact search takes longer with
  const auto exact = search_one(predictor, {3}, options).at(0);
  const auto all_steps = predictor.extended();
  options.patience = patience;
  const auto found = search_one(predictor, {3}, options);
  REQUIRE(found.size() == 1);
  CHECK(found[0].ranking_score <= exact.ranking_score);
  CHECK(predictor.extended() - all_steps <= all_steps);
  options.patience = 1000;
  CHECK(search_one(predictor, {3}, options).at(0).ids == exact.ids);
}

TEST_CASE("greedy search: takes the best word at each step until the end symbol is the best", "[decode][search]") {
  const auto seed = GENERATE(range<uint64_t>(1, 21));
  CAPTURE(seed);
  const TreePredictor predictor({.seed = seed, .words = 6, .sharpness = 3});
  const auto found = search_one(predictor, {3, 4}, options_of(1, 1, 50)).at(0);

  std::vector<int64_t> written;
  while (written.size() < 50) {
    const auto scores = predictor.next({3, 4}, written);
    const auto best = std::max_element(scores.begin() + text::end_id, scores.end()) - scores.begin();
    if (best == text::end_id) break;
    written.push_back(best);
  }
  REQUIRE(found.ids == written);
  REQUIRE_FALSE(found.cut);
}

TEST_CASE("beam search: the n best are sorted, distinct, and their scores the sums of their tokens'",
          "[decode][search][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 11));
  const auto beam = GENERATE(2, 5, 12);
  CAPTURE(seed, beam);
  const TreePredictor predictor({.seed = seed, .words = 20, .sharpness = 3});
  const auto found = search_one(predictor, {3, 4, 5}, options_of(beam, beam, 8));

  REQUIRE(static_cast<int64_t>(found.size()) == beam);
  std::set<std::vector<int64_t>> distinct;
  for (size_t i = 0; i < found.size(); ++i) {
    REQUIRE(distinct.insert(found[i].ids).second);
    if (i > 0) REQUIRE(found[i - 1].score >= found[i].score);
    double sum = 0;
    for (const double score : found[i].token_scores) sum += score;
    REQUIRE(sum == found[i].score);
    REQUIRE(found[i].token_scores.size() == found[i].ids.size() + (found[i].cut ? 0 : 1));
  }
}

TEST_CASE("beam search: a source is searched alike alone and in a batch, in any order", "[decode][search][batch]") {
  const auto seed = GENERATE(range<uint64_t>(1, 6));
  CAPTURE(seed);
  const TreePredictor predictor({.seed = seed, .words = 8, .sharpness = 3});
  std::vector<std::vector<int64_t>> sources;
  for (int64_t i = 0; i < 64; ++i) sources.emplace_back(static_cast<size_t>((i * 7) % 11), 3 + i % 5);
  sources.emplace_back(200, 4);
  const DecodeOptions options{.beam = 4, .n_best = 3, .max_length = {.ratio = 0.5, .plus = 3, .limit = 20}};

  const auto together = search_sources(predictor, sources, options);
  const auto backward = search_sources(predictor, {sources.rbegin(), sources.rend()}, options);

  for (size_t i = 0; i < sources.size(); ++i) {
    CAPTURE(i);
    const auto alone = search_one(predictor, sources[i], options);
    require_same(together[i], alone);
    require_same(backward[sources.size() - 1 - i], alone);
  }
}

TEST_CASE("beam search: computes nothing for a source whose search is over", "[decode][search]") {
  const std::vector<std::vector<int64_t>> sources{{3}, {4, 4}, {5, 5, 5}, {3, 4, 5, 6}};
  const auto options = options_of(5, 2, 30);
  const TreePredictor::Options tree{.seed = 3, .words = 5, .sharpness = 3, .end_logit = 1};
  int64_t alone = 0;
  for (const auto& source : sources) {
    const TreePredictor predictor(tree);
    search_one(predictor, source, options);
    alone += predictor.extended();
  }
  const TreePredictor predictor(tree);
  search_sources(predictor, sources, options);
  REQUIRE(predictor.extended() == alone);
}

TEST_CASE("beam search: below the shortest length nothing ends, in a batch as alone", "[decode][search][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 11));
  const auto beam = GENERATE(1, 3, 6);
  CAPTURE(seed, beam);
  const TreePredictor predictor({.seed = seed, .words = 4, .sharpness = 3, .end_logit = 1});
  const std::vector<std::vector<int64_t>> sources{{3}, {4, 4}, {5}, {3, 5}};
  const std::vector<decode::OutputLength> lengths{{2, 6}, {3, 3}, {0, 4}, {5, 5}};
  const DecodeOptions options{.beam = beam, .n_best = beam};
  const auto together = decode::search(predictor, pack(sources), lengths, options);
  for (size_t i = 0; i < sources.size(); ++i) {
    const auto [shortest, longest] = lengths[i];
    CAPTURE(i, shortest, longest);
    require_same(together[i], plain_search(predictor, sources[i],
                                           {.beam = beam, .n_best = beam, .shortest = shortest, .longest = longest}));
    for (const auto& output : together[i]) {
      CHECK(std::ssize(output.ids) >= shortest);
      CHECK(std::ssize(output.ids) <= longest);
    }
  }
}

TEST_CASE("beam search: an output that does not end is cut at the longest length, marked and scored as it stands",
          "[decode][search]") {
  const auto beam = GENERATE(1, 3);
  CAPTURE(beam);
  const TreePredictor predictor({.seed = 5, .words = 4, .end_logit = -30});
  const auto found = search_one(predictor, {3, 4, 5}, options_of(beam, 1, 7)).at(0);

  REQUIRE(found.cut);
  REQUIRE(found.ids.size() == 7);
  REQUIRE(found.token_scores.size() == 7);
  for (size_t i = 0; i < 7; ++i) {
    const std::vector<int64_t> before(found.ids.begin(), found.ids.begin() + static_cast<std::ptrdiff_t>(i));
    const auto expected = predictor.next({3, 4, 5}, before).at(static_cast<size_t>(found.ids[i]));
    REQUIRE_THAT(found.token_scores[i], WithinAbs(expected, rounding));
  }
}

TEST_CASE("beam search: equal scores are ranked by the order of ids", "[decode][search]") {
  const EqualPredictor predictor(-1);
  const auto found = search_one(predictor, {3}, options_of(6, 4, 10));
  REQUIRE(found.size() == 4);
  REQUIRE(found[0].ids.empty());
  REQUIRE(found[1].ids == std::vector<int64_t>{3});
  REQUIRE(found[2].ids == std::vector<int64_t>{4});
  REQUIRE(found[3].ids == std::vector<int64_t>{3, 3});
}

TEST_CASE("beam search: no sources, no outputs", "[decode][search]") {
  const TreePredictor predictor({});
  REQUIRE(search_sources(predictor, {}, options_of(3, 2, 5)).empty());
}

TEST_CASE("beam search: probabilities that are not numbers are an error", "[decode][search][error]") {
  const EqualPredictor predictor(std::nan(""));
  REQUIRE_THROWS_AS(search_one(predictor, {3}, options_of(3, 1, 5)), Error);
}

TEST_CASE("longest output: a ratio of the source, something added, and a limit", "[decode][search]") {
  using decode::longest_output;
  REQUIRE(longest_output({.ratio = 2, .plus = 10, .limit = 1000}, 7) == 24);
  REQUIRE(longest_output({.ratio = 2, .plus = 10, .limit = 20}, 7) == 20);
  REQUIRE(longest_output({.ratio = 2, .plus = 10, .limit = 1000}, 0) == 10);
  REQUIRE(longest_output({.ratio = 1.5, .plus = 0, .limit = 1000}, 3) == 5);    // 4.5, and a part counts as one
  REQUIRE(longest_output({.ratio = 1.1, .plus = 0, .limit = 1000}, 10) == 11);  // not 12, by the rounding of 1.1
  REQUIRE(longest_output({.ratio = 1e9, .plus = 10, .limit = 1000}, 1'000'000'000'000) == 1000);
}

}  // namespace seq2seq::test
