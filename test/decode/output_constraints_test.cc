#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "seq2seq/decode/phrases.h"
#include "seq2seq/decode/search.h"
#include "test/decode/plain_search.h"
#include "test/decode/tree_predictor.h"
#include "test/support/catch.h"

namespace seq2seq::test {
namespace {

using decode::DecodeOptions;
using decode::Hypothesis;
using decode::OutputConstraints;
using WordIds = std::vector<int64_t>;

constexpr double constraint_rounding = 1e-12;  // only the order of sums differs

std::vector<Hypothesis> constrained_search(const decode::Predictor& predictor, const DecodeOptions& options,
                                           const decode::OutputLength& length, const OutputConstraints& constraints) {
  return decode::search(predictor, data::pack({{5, 4}}, {0}), {length}, options, {constraints}).front();
}

/// Returns the outputs that meet the constraints, best first.
std::vector<Hypothesis> listed_with(const TreePredictor& predictor, int64_t longest,
                                    const OutputConstraints& constraints) {
  auto outputs = list_outputs(predictor, {5, 4}, longest);
  std::erase_if(outputs, [&constraints](const Hypothesis& output) {
    if (std::ssize(output.ids) < std::ssize(constraints.prefix)) return true;
    if (!std::equal(constraints.prefix.begin(), constraints.prefix.end(), output.ids.begin())) return true;
    return !std::ranges::all_of(constraints.phrases,
                                [&output](const WordIds& words) { return contains(output.ids, words); });
  });
  return outputs;
}

void require_constrained(const std::vector<Hypothesis>& found, const std::vector<Hypothesis>& expected) {
  REQUIRE(found.size() <= expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    REQUIRE(found[i].ids == expected[i].ids);
    REQUIRE_THAT(found[i].score, WithinAbs(expected[i].score, constraint_rounding));
    REQUIRE_FALSE(found[i].cut);
  }
}

}  // namespace

TEST_CASE("constraints: wide beams and exact search find the best of all outputs that meet them",
          "[decode][search][exact][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 9));
  const auto constraints = GENERATE(OutputConstraints{.prefix = {4}}, OutputConstraints{.prefix = {5, 3, 3}},
                                    OutputConstraints{.prefix = {3, 4, 5, 3, 4}}, OutputConstraints{.phrases = {{4}}},
                                    OutputConstraints{.phrases = {{4, 4}, {3}}},
                                    OutputConstraints{.phrases = {{3, 4, 3}, {4, 3, 5}}},  // may overlap
                                    OutputConstraints{.phrases = {{3, 3, 4}, {3, 3, 4}}},  // once is enough
                                    OutputConstraints{.prefix = {4}, .phrases = {{4, 5}, {5, 5}}});
  CAPTURE(seed);
  const TreePredictor predictor({.seed = seed, .words = 3, .sharpness = 3, .end_logit = 1});
  const auto expected = listed_with(predictor, 5, constraints);
  REQUIRE_FALSE(expected.empty());
  DecodeOptions options{.beam = 2000, .n_best = std::min<int64_t>(3, std::ssize(expected))};
  require_constrained(constrained_search(predictor, options, {.longest = 5}, constraints), expected);
  options.beam = options.n_best;
  options.search = decode::SearchKind::exact;
  const auto exact = constrained_search(predictor, options, {.longest = 5}, constraints);
  require_constrained(exact, expected);
  CHECK(exact.front().proven);
}

TEST_CASE("constraints: beams of any width write every phrase, wherever there is room", "[decode][search][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 13));
  const int64_t beam = GENERATE(1, 2, 3, 4, 7);
  CAPTURE(seed, beam);
  std::mt19937_64 random(seed);
  const TreePredictor predictor({.seed = seed, .words = 6, .sharpness = 3, .end_logit = 2});
  OutputConstraints constraints;
  int64_t words = 0;
  for (size_t phrase = 0; phrase < 1 + seed % 4; ++phrase) {
    WordIds ids;
    for (size_t i = 0; i < 1 + random() % 3; ++i) ids.push_back(3 + static_cast<int64_t>(random() % 6));
    words += std::ssize(ids);
    constraints.phrases.push_back(ids);
  }
  if (seed % 3 == 0) constraints.prefix = {3, 8};
  const auto longest = words + std::ssize(constraints.prefix) + static_cast<int64_t>(seed % 2) * 5;
  const auto found = constrained_search(predictor, {.beam = beam, .n_best = beam}, {.longest = longest}, constraints);
  const auto& best = found.front();
  for (const auto& phrase : constraints.phrases) CHECK(contains(best.ids, phrase));
  CHECK(std::equal(constraints.prefix.begin(), constraints.prefix.end(), best.ids.begin()));
  for (const auto& output : found)
    if (!output.cut)
      for (const auto& phrase : constraints.phrases) CHECK(contains(output.ids, phrase));
}

TEST_CASE("constraints: an output that has no room for its phrases is cut", "[decode][search]") {
  const TreePredictor predictor({.seed = 3, .words = 3});
  const OutputConstraints constraints{.phrases = {{3, 4}, {5, 5}}};
  for (const auto kind : {decode::SearchKind::beam, decode::SearchKind::exact}) {
    const auto found = constrained_search(predictor, {.beam = 4, .search = kind}, {.longest = 3}, constraints).front();
    CHECK(found.cut);
    CHECK_FALSE(found.proven);
  }
}

TEST_CASE("constraints: no phrase is written against the ban on repeated n-grams", "[decode][search]") {
  const TreePredictor predictor({.seed = 3, .words = 3, .end_logit = 1});
  const OutputConstraints constraints{.phrases = {{3, 4, 3, 4}}};
  const auto found =
      constrained_search(predictor, {.beam = 6, .no_repeat_ngram = 2}, {.longest = 8}, constraints).front();
  CHECK(found.cut);
  CHECK_FALSE(contains(found.ids, constraints.phrases.front()));
}

TEST_CASE("constraints: sources with and without them are searched together as alone", "[decode][search][batch]") {
  const TreePredictor predictor({.seed = 6, .words = 4, .sharpness = 3});
  const std::vector<WordIds> sources{{3}, {4, 4}, {5}, {3, 5}};
  const std::vector<decode::OutputLength> lengths{{0, 6}, {2, 7}, {0, 4}, {1, 6}};
  const std::vector<OutputConstraints> constraints{
      {}, {.prefix = {6, 3, 3}}, {.phrases = {{4}, {5, 5}}}, {.prefix = {3}, .phrases = {{6, 4}}}};
  const DecodeOptions options{.beam = 3, .n_best = 2};
  const auto together = decode::search(predictor, data::pack(sources, {0, 1, 2, 3}), lengths, options, constraints);
  for (size_t i = 0; i < sources.size(); ++i) {
    CAPTURE(i);
    const auto alone =
        decode::search(predictor, data::pack({sources[i]}, {0}), {lengths[i]}, options, {constraints[i]}).front();
    REQUIRE(together[i].size() == alone.size());
    for (size_t n = 0; n < alone.size(); ++n) CHECK(together[i][n].ids == alone[n].ids);
  }
}

TEST_CASE("sampling: outputs begin with the prefix, and go on as the model does after it", "[decode][sampling]") {
  const TreePredictor predictor({.seed = 2, .words = 3});
  const OutputConstraints constraints{.prefix = {5, 3}};
  const auto found = constrained_search(predictor, {.n_best = 4000, .search = decode::SearchKind::sample},
                                        {.longest = 9}, constraints);
  int64_t ended = 0;
  for (const auto& output : found) {
    REQUIRE(output.ids.size() >= 2);
    REQUIRE(output.ids[0] == 5);
    REQUIRE(output.ids[1] == 3);
    CHECK_THAT(output.token_scores[0], WithinAbs(predictor.next({5, 4}, {})[5], constraint_rounding));
    ended += output.ids.size() == 2 ? 1 : 0;
  }
  const auto next = predictor.next({5, 4}, {5, 3});
  double possible = 0;
  for (int64_t word = 2; word < predictor.vocabulary(); ++word) possible += std::exp(next[static_cast<size_t>(word)]);
  // A share of 4,000 draws is within 0.04 of its probability, except in one of millions of cases.
  CHECK_THAT(static_cast<double>(ended) / 4000, WithinAbs(std::exp(next[2]) / possible, 0.04));
}

TEST_CASE("phrases: have occurred when the words stand in the output one behind the other", "[decode][property]") {
  const auto seed = GENERATE(range<uint64_t>(1, 41));
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const auto draw = [&random](size_t length) {
    WordIds ids(length);
    for (auto& id : ids) id = 3 + static_cast<int64_t>(random() % 2);
    return ids;
  };
  std::vector<WordIds> all{draw(1 + random() % 5), draw(1 + random() % 5), draw(1 + random() % 3)};
  const decode::Phrases phrases(all);
  auto progress = phrases.start();
  WordIds written;
  for (const int64_t word : draw(40)) {
    written.push_back(word);
    progress = phrases.after(progress, word);
    const bool expected = std::ranges::all_of(all, [&](const WordIds& words) { return contains(written, words); });
    REQUIRE(phrases.met(progress) == expected);
    REQUIRE((phrases.words_needed(progress) == 0) == expected);
    REQUIRE(phrases.next(progress).empty() == expected);
  }
}

TEST_CASE("shares of a beam: all places are given where candidates wait, and the most met come first",
          "[decode][property]") {
  CHECK(decode::share_places(6, {9, 9, 9}) == WordIds{2, 2, 2});
  CHECK(decode::share_places(8, {9, 9, 9}) == WordIds{2, 3, 3});
  CHECK(decode::share_places(2, {9, 9, 9}) == WordIds{0, 1, 1});
  CHECK(decode::share_places(2, {9, 9, 0}) == WordIds{0, 2, 0});
  CHECK(decode::share_places(6, {9, 1, 0}) == WordIds{5, 1, 0});
  CHECK(decode::share_places(6, {1, 1, 1}) == WordIds{1, 1, 1});
}

}  // namespace seq2seq::test
