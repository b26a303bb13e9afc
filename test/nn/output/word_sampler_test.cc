#include "seq2seq/nn/output/word_sampler.h"

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "test/support/catch.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

std::vector<double> expected_counts(const WordSampler& sampler) {
  const auto logs = sampler.log_expected();
  std::vector<double> expected;
  for (int64_t word = 0; word < logs.size(0); ++word) expected.push_back(std::exp(logs[word].item<double>()));
  return expected;
}

TEST_CASE("word sampler: each word is drawn as often on average as it says, and these add up to K",
          "[nn][output][sampler][property]") {
  const auto weights = GENERATE(log_uniform_weights(40), unigram_weights({0, 7, 120, 0, 3, 55, 1, 9, 2000}, 0.75),
                                std::vector<double>{1, 5, 0.1, 30, 2, 2, 0.01, 30, 1}, std::vector<double>(17, 0.3));
  const int64_t samples = GENERATE(1, 3, 7);
  CAPTURE(weights.size(), samples);
  const WordSampler sampler(weights, samples);
  const auto expected = expected_counts(sampler);
  double sum = 0, heaviest = 0;
  for (const double count : expected) sum += count;
  CHECK_THAT(sum, WithinAbs(static_cast<double>(samples), 1e-9));
  for (const double weight : weights) heaviest = std::max(heaviest, weight);

  constexpr int updates = 20000;
  std::map<int64_t, double> drawn;
  for (int update = 0; update < updates; ++update) {
    const auto words = sampler.draw({.seed = 5, .update = update});
    REQUIRE(words.size(0) == samples);
    for (int64_t i = 0; i < samples; ++i) ++drawn[words[i].item<int64_t>()];
  }
  for (size_t word = 0; word < weights.size(); ++word) {
    CAPTURE(word, expected[word]);
    CHECK((expected[word] > 0 && expected[word] <= 1 + 1e-12));
    // Words with fewer than one draw per update on average keep the proportion of their weights.
    if (expected[word] < 1 - 1e-9 && weights[word] == heaviest)
      CHECK_THAT(expected[word], WithinRel(heaviest / weights.front() * expected.front(), 1e-9));
    // A count with mean m and at most two adjacent values has a variance of at most m.
    const double error = 5 * std::sqrt(expected[word] / updates);
    CHECK_THAT(drawn[static_cast<int64_t>(word)] / updates, WithinAbs(expected[word], error));
  }
}

TEST_CASE("word sampler: by counts, two words that are not always drawn differ as their counts to a power",
          "[nn][output][sampler]") {
  const double exponent = GENERATE(0.0, 0.75, 1.0);
  const auto expected = expected_counts(WordSampler(unigram_weights({5, 0, 40, 1, 1000}, exponent), 2));
  CHECK_THAT(expected[2] / expected[0], WithinRel(std::pow(8.0, exponent), 1e-12));
  CHECK_THAT(expected[1], WithinRel(expected[3], 1e-12));  // none counts as one
}

TEST_CASE("word sampler: with as many words as there are, or more, each is drawn once", "[nn][output][sampler]") {
  const int64_t samples = GENERATE(12, 13, 1000);
  const WordSampler sampler(log_uniform_weights(12), samples);
  const auto words = sampler.draw({.seed = 1, .update = 3});
  std::set<int64_t> different;
  for (int64_t i = 0; i < words.size(0); ++i) different.insert(words[i].item<int64_t>());
  CHECK(words.size(0) == 12);
  CHECK(different.size() == 12);
  for (const double count : expected_counts(sampler)) CHECK(count == 1);
}

TEST_CASE("word sampler: the words depend on seed and update alone, and differ between them", "[nn][output][sampler]") {
  const WordSampler sampler(log_uniform_weights(1000), 50), same(log_uniform_weights(1000), 50);
  const auto words = sampler.draw({.seed = 1, .update = 3});
  CHECK(words.equal(same.draw({.seed = 1, .update = 3})));
  CHECK_FALSE(words.equal(sampler.draw({.seed = 1, .update = 4})));
  CHECK_FALSE(words.equal(sampler.draw({.seed = 2, .update = 3})));
}

}  // namespace
}  // namespace seq2seq::nn
