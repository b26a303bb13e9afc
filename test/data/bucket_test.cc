#include "seq2seq/data/bucket.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/core/random.h"
#include "test/support/catch.h"
#include "test/support/pipeline.h"
#include "test/support/random_text.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

using Indices = std::vector<int64_t>;
using Plan = std::vector<Indices>;

Plan plan_of(const Corpus& corpus, const BatchOptions& options, uint64_t seed, int64_t epoch) {
  const auto flat = plan_epoch(corpus, options, seed, epoch);
  Plan plan;
  for (int64_t batch = 0; batch < flat.batches(); ++batch) plan.emplace_back(flat[batch].begin(), flat[batch].end());
  return plan;
}

Corpus random_corpus(unsigned seed, int pairs = 3000, int64_t longest = 40) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int64_t> length(1, longest), other(-2, 2);
  std::vector<int64_t> sources, targets;
  for (int i = 0; i < pairs; ++i) {
    sources.push_back(length(random));
    targets.push_back(std::max<int64_t>(1, sources.back() + other(random)));
  }
  return corpus_of(random_sentences(random, sources), random_sentences(random, targets));
}

int64_t tokens_of(const Corpus& corpus, int64_t pair) {
  return corpus.source.length(pair) + corpus.target.length(pair) + 2;
}

int64_t tokens_of(const Corpus& corpus, const std::vector<int64_t>& batch) {
  int64_t sum = 0;
  for (const int64_t pair : batch) sum += tokens_of(corpus, pair);
  return sum;
}

std::vector<int64_t> flattened(const Plan& plan) {
  std::vector<int64_t> all;
  for (const auto& batch : plan) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

bool each_once(const Plan& plan, int64_t pairs) {
  auto all = flattened(plan);
  std::sort(all.begin(), all.end());
  std::vector<int64_t> expected(static_cast<std::size_t>(pairs));
  std::iota(expected.begin(), expected.end(), 0);
  return all == expected;
}

/// Computes the same order in plain lists of lists.
Plan plain_plan(const Corpus& corpus, const BatchOptions& options, uint64_t seed, int64_t epoch) {
  const auto cut = [&corpus](const Indices& pairs, int64_t sentences, int64_t tokens) {
    Plan runs;
    for (const int64_t pair : pairs) {
      const bool fits = !runs.empty() && (sentences == 0 || std::ssize(runs.back()) < sentences) &&
                        (tokens == 0 || tokens_of(corpus, runs.back()) + tokens_of(corpus, pair) <= tokens);
      if (!fits) runs.emplace_back();
      runs.back().push_back(pair);
    }
    return runs;
  };
  const RandomStream stream(seed, Purpose::shuffle);
  const auto salt = static_cast<uint64_t>(2 * epoch);
  Plan sorted, plan;
  for (auto& pool : cut(permutation(corpus.pairs(), stream, salt), options.sentences * options.pool,
                        options.tokens * options.pool)) {
    std::stable_sort(pool.begin(), pool.end(), [&corpus](int64_t a, int64_t b) {
      return std::pair(corpus.source.length(a), corpus.target.length(a)) <
             std::pair(corpus.source.length(b), corpus.target.length(b));
    });
    for (auto& batch : cut(pool, options.sentences, options.tokens)) sorted.push_back(std::move(batch));
  }
  for (const int64_t batch : permutation(std::ssize(sorted), stream, salt + 1)) {
    plan.push_back(sorted[static_cast<std::size_t>(batch)]);
  }
  return plan;
}

const BatchOptions kBySentences{.sentences = 32, .tokens = 0, .pool = 20};
const BatchOptions kByTokens{.sentences = 0, .tokens = 500, .pool = 20};

}  // namespace

TEST_CASE("epoch: every pair occurs exactly once", "[data][bucket][property]") {
  const auto options = GENERATE(
      values({kBySentences, kByTokens, BatchOptions{.sentences = 5000}, BatchOptions{.sentences = 1, .pool = 1}}));
  const auto seed = GENERATE(range(1u, 4u));
  CAPTURE(seed, options.sentences, options.tokens);
  const auto corpus = random_corpus(seed);

  REQUIRE(each_once(plan_of(corpus, options, seed, 3), corpus.pairs()));
}

TEST_CASE("epoch: drawn with replacement, pairs come as often as chance has it, and batches are full all the same",
          "[data][bucket]") {
  auto options = GENERATE(values({kBySentences, kByTokens, BatchOptions{.sentences = 1, .pool = 1}}));
  options.draw = EpochDraw::with_replacement;
  const auto seed = GENERATE(range(1u, 4u));
  CAPTURE(seed, options.sentences, options.tokens);
  const auto corpus = random_corpus(seed);
  const auto plan = plan_of(corpus, options, seed, 3);

  auto drawn = flattened(plan);
  REQUIRE(std::ssize(drawn) == corpus.pairs());
  std::sort(drawn.begin(), drawn.end());
  REQUIRE(drawn.front() >= 0);
  REQUIRE(drawn.back() < corpus.pairs());
  // (1 - 1/n)^n of n pairs are not drawn, a share of 1/e; the number of drawn ones has a variance of n (1/e - 2/e^2).
  const auto pairs = static_cast<double>(corpus.pairs());
  const auto distinct = static_cast<double>(std::unique(drawn.begin(), drawn.end()) - drawn.begin());
  const double missed = std::exp(-1.0);
  CHECK_THAT(distinct, WithinAbs(pairs * (1 - missed), 4 * std::sqrt(pairs * (missed - 2 * missed * missed))));
  CHECK(plan_of(corpus, options, seed, 3) == plan);
  CHECK(plan_of(corpus, options, seed, 4) != plan);
}

TEST_CASE("epoch: the flat plan is the one of plain lists", "[data][bucket][property]") {
  const auto options = GENERATE(values({kBySentences, kByTokens, BatchOptions{.sentences = 7, .pool = 1},
                                        BatchOptions{.tokens = 60, .pool = 3}, BatchOptions{.sentences = 5000}}));
  const auto seed = GENERATE(range(1u, 6u));
  const auto pairs = GENERATE(1, 31, 640, 1000);
  CAPTURE(seed, pairs, options.sentences, options.tokens);
  const auto corpus = random_corpus(seed, pairs);

  REQUIRE(plan_of(corpus, options, seed, seed % 3) == plain_plan(corpus, options, seed, seed % 3));
}

TEST_CASE("epoch: the plan is the same for the same seed and epoch, another for others", "[data][bucket]") {
  const auto options = GENERATE(values({kBySentences, kByTokens}));
  const auto corpus = random_corpus(1);
  const auto plan = plan_of(corpus, options, 7, 2);

  REQUIRE(plan_of(corpus, options, 7, 2) == plan);
  REQUIRE(plan_of(corpus, options, 7, 3) != plan);
  REQUIRE(plan_of(corpus, options, 8, 2) != plan);
}

TEST_CASE("epoch: of batches by sentences only the last is smaller", "[data][bucket]") {
  const auto corpus = random_corpus(2);
  const auto plan = plan_of(corpus, kBySentences, 1, 0);

  REQUIRE(std::ssize(plan) == (corpus.pairs() + 31) / 32);
  REQUIRE(std::count_if(plan.begin(), plan.end(), [](const auto& batch) { return batch.size() != 32; }) == 1);
}

TEST_CASE("epoch: batches by tokens hold no more than asked, and are nearly full", "[data][bucket][property]") {
  const auto seed = GENERATE(range(1u, 6u));
  CAPTURE(seed);
  const auto corpus = random_corpus(seed);
  const auto plan = plan_of(corpus, kByTokens, seed, 0);
  int64_t sum = 0;
  for (const auto& batch : plan) {
    REQUIRE(tokens_of(corpus, batch) <= kByTokens.tokens);
    sum += tokens_of(corpus, batch);
  }

  // A batch closes when the next pair, of at most 84 tokens, would not fit; one batch in twenty ends a pool.
  REQUIRE(sum > std::ssize(plan) * (kByTokens.tokens - 84) * 19 / 20);
}

TEST_CASE("epoch: a pair longer than the limit of tokens is a batch of its own", "[data][bucket]") {
  const auto corpus = corpus_of({{3}, std::vector<int64_t>(1000, 3), {3}}, {{3}, {3}, {3}});
  const auto plan = plan_of(corpus, BatchOptions{.sentences = 0, .tokens = 50}, 1, 0);

  REQUIRE(each_once(plan, 3));
  for (const auto& batch : plan) REQUIRE((batch == std::vector<int64_t>{1} || tokens_of(corpus, batch) <= 50));
}

TEST_CASE("epoch: text without a source has one end symbol a sentence", "[data][bucket][lm]") {
  const auto corpus = corpus_of(std::vector<Indices>(6), std::vector<Indices>(6, {3, 4, 3, 4}));
  for (const auto& batch : plan_of(corpus, {.sentences = 0, .tokens = 10}, 1, 0)) CHECK(batch.size() == 2);
}

TEST_CASE("epoch: lengths within a batch are alike", "[data][bucket]") {
  const auto corpus = random_corpus(3);
  const auto options = GENERATE(values({kBySentences, kByTokens}));
  const auto plan = plan_of(corpus, options, 1, 0);
  int64_t alike = 0;
  for (const auto& batch : plan) {
    const auto [shortest, longest] = std::minmax_element(batch.begin(), batch.end(), [&](int64_t a, int64_t b) {
      return corpus.source.length(a) < corpus.source.length(b);
    });
    // 40 lengths are in 20 or more batches of a pool: 2 or 3 lengths a batch, where a random batch of 32 would span 38.
    alike += corpus.source.length(*longest) - corpus.source.length(*shortest) <= 4 ? 1 : 0;
  }

  REQUIRE(alike >= std::ssize(plan) * 9 / 10);
}

TEST_CASE("epoch: batches do not come in the order of length", "[data][bucket]") {
  const auto corpus = random_corpus(4);
  std::vector<int64_t> lengths;
  for (const auto& batch : plan_of(corpus, BatchOptions{.sentences = 32}, 1, 0)) {
    lengths.push_back(corpus.source.length(batch.front()));
  }

  int64_t rising = 0;
  for (std::size_t i = 1; i < lengths.size(); ++i) rising += lengths[i] >= lengths[i - 1] ? 1 : 0;
  REQUIRE(rising > std::ssize(lengths) / 4);
  REQUIRE(rising < std::ssize(lengths) * 3 / 4);
}

TEST_CASE("epoch: neither or both limits of a batch are refused", "[data][bucket][error]") {
  const auto options = GENERATE(values({BatchOptions{}, BatchOptions{.sentences = 1, .tokens = 1}}));
  REQUIRE_THROWS_AS(plan_epoch(random_corpus(1, 10), options, 1, 0), Error);
}

TEST_CASE("plan: a corpus without pairs has no batch", "[data][bucket]") {
  REQUIRE(plan_epoch(Corpus{}, kBySentences, 1, 0).batches() == 0);
}
