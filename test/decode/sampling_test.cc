#include "seq2seq/decode/sampling.h"

#include <cmath>
#include <map>
#include <vector>

#include "seq2seq/decode/search.h"
#include "seq2seq/text/vocabulary.h"
#include "test/decode/plain_search.h"
#include "test/decode/tree_predictor.h"
#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::test {
namespace {

using decode::Drawing;
using decode::Hypothesis;
using Sentences = std::vector<std::vector<int64_t>>;

std::vector<std::vector<Hypothesis>> drawn(const decode::Predictor& predictor, const Sentences& sources,
                                           const Drawing& drawing, const decode::OutputLength& length) {
  return decode::draw_samples(predictor, data::pack(sources, numbers(sources.size())),
                              std::vector<decode::OutputLength>(sources.size(), length), drawing);
}

/// A plain version of the distribution: sharpened, then truncated.
std::map<int64_t, double> distribution(const std::vector<double>& scores, const decode::SampleOptions& options) {
  std::vector<std::pair<double, int64_t>> ranked;  // probability, word
  double sum = 0;
  for (int64_t word = text::end_id; word < std::ssize(scores); ++word) {
    ranked.emplace_back(std::exp(scores[static_cast<size_t>(word)] / options.temperature), word);
    sum += ranked.back().first;
  }
  for (auto& each : ranked) each.first /= sum;
  std::sort(ranked.rbegin(), ranked.rend());
  if (options.top_k > 0) ranked.resize(std::min(ranked.size(), static_cast<size_t>(options.top_k)));
  double held = 0, all = 0;
  for (const auto& each : ranked) all += each.first;
  std::map<int64_t, double> left;
  for (const auto& [probability, word] : ranked) {
    if (held >= options.top_p * all) break;
    held += probability;
    left[word] = probability;
  }
  const double kept = held;
  const auto best = ranked.front().second;
  std::erase_if(left, [&](const auto& each) { return each.second < options.epsilon * kept && each.first != best; });
  double total = 0;
  for (const auto& each : left) total += each.second;
  for (auto& each : left) each.second /= total;
  return left;
}

}  // namespace

TEST_CASE("sampling: words are drawn as often as the distribution says", "[decode][sampling][property]") {
  const auto options = GENERATE(decode::SampleOptions{}, decode::SampleOptions{.temperature = 0.5},
                                decode::SampleOptions{.temperature = 2}, decode::SampleOptions{.top_k = 3},
                                decode::SampleOptions{.top_p = 0.6}, decode::SampleOptions{.epsilon = 0.15},
                                decode::SampleOptions{.temperature = 0.7, .top_k = 4, .top_p = 0.9});
  const TreePredictor predictor({.seed = 8, .words = 6, .sharpness = 1.5});
  constexpr int64_t draws = 4000;
  const auto outputs = drawn(predictor, {{5}}, {.sample = options, .draws = draws}, {.longest = 1}).front();
  REQUIRE(std::ssize(outputs) == draws);
  std::map<int64_t, double> counts;
  for (const auto& output : outputs) counts[output.ids.empty() ? text::end_id : output.ids.front()] += 1;
  const auto expected = distribution(predictor.next({5}, {}), options);
  double chi_square = 0;
  for (const auto& [word, probability] : expected)
    chi_square += std::pow(counts[word] - draws * probability, 2) / (draws * probability);
  for (const auto& [word, count] : counts) CHECK(expected.contains(word));
  const auto freedom = static_cast<double>(expected.size() - 1);
  CAPTURE(options.temperature, options.top_k, options.top_p, options.epsilon, chi_square, freedom);
  CHECK(chi_square < freedom + 4 * std::sqrt(2 * freedom));
}

TEST_CASE("sampling: scores are those of the model, best first, and lengths are kept", "[decode][sampling]") {
  const TreePredictor predictor({.seed = 3, .words = 5});
  const auto outputs =
      drawn(predictor, {{4, 3}}, {.sample = {.temperature = 3}, .draws = 200}, {.shortest = 2, .longest = 4}).front();
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto& output = outputs[i];
    REQUIRE(output.ids.size() >= 2);
    REQUIRE(output.ids.size() <= 4);
    REQUIRE(output.token_scores.size() == output.ids.size() + (output.cut ? 0 : 1));
    if (output.cut) REQUIRE(output.ids.size() == 4);
    if (i > 0) REQUIRE(outputs[i - 1].ranking_score >= output.ranking_score);
    std::vector<int64_t> before;
    double sum = 0;
    for (size_t token = 0; token < output.token_scores.size(); ++token) {
      const int64_t word = token < output.ids.size() ? output.ids[token] : text::end_id;
      REQUIRE(output.token_scores[token] == predictor.next({4, 3}, before)[static_cast<size_t>(word)]);
      sum += output.token_scores[token];
      before.push_back(word);
    }
    REQUIRE(output.score == sum);
  }
}

TEST_CASE("sampling: of the most probable word alone, it is greedy search", "[decode][sampling]") {
  const auto seed = GENERATE(range<uint64_t>(1, 6));
  const TreePredictor predictor({.seed = seed, .words = 6, .sharpness = 3});
  const Sentences sources{{3, 4}, {5}, {6, 6, 6}};
  const auto greedy = decode::search(predictor, data::pack(sources, {0, 1, 2}), {3, {.longest = 20}}, {.beam = 1});
  for (const auto& options : {decode::SampleOptions{.top_k = 1}, decode::SampleOptions{.top_p = 1e-9},
                              decode::SampleOptions{.epsilon = 0.9999}}) {
    const auto outputs = drawn(predictor, sources, {.sample = options}, {.longest = 20});
    for (size_t i = 0; i < sources.size(); ++i) REQUIRE(outputs[i].front().ids == greedy[i].front().ids);
  }
}

TEST_CASE("sampling: draws depend on seed, source and number alone", "[decode][sampling][batch]") {
  const TreePredictor predictor({.seed = 3, .words = 9});
  Sentences sources;
  for (int64_t i = 0; i < 40; ++i) sources.emplace_back(static_cast<size_t>(1 + i % 7), 3 + i % 9);
  const Drawing drawing{.sample = {.seed = 4}, .draws = 5};
  const auto together = drawn(predictor, sources, drawing, {.longest = 12});
  const auto backward = drawn(predictor, {sources.rbegin(), sources.rend()}, drawing, {.longest = 12});
  auto other = drawing;
  other.sample.seed = 5;
  const auto reseeded = drawn(predictor, sources, other, {.longest = 12});
  int64_t changed = 0, distinct = 0;
  for (size_t i = 0; i < sources.size(); ++i) {
    const auto alone = drawn(predictor, {sources[i]}, drawing, {.longest = 12}).front();
    for (size_t j = 0; j < 5; ++j) {
      REQUIRE(together[i][j].ids == alone[j].ids);
      REQUIRE(backward[sources.size() - 1 - i][j].ids == alone[j].ids);
      changed += reseeded[i][j].ids != alone[j].ids ? 1 : 0;
      distinct += j > 0 && alone[j].ids != alone[j - 1].ids ? 1 : 0;
    }
  }
  CHECK(changed > 150);
  CHECK(distinct > 120);
}

}  // namespace seq2seq::test
