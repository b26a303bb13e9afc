#include "seq2seq/data/repeat.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/bucket.h"
#include "test/support/catch.h"
#include "test/support/pipeline.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

/// Returns a corpus of parts of these sizes, with sentences of 1 to 9 words.
Corpus corpus_of_parts(const std::vector<int64_t>& pairs_of, const std::vector<double>& repeat) {
  std::vector<std::vector<int64_t>> sentences;
  for (const int64_t pairs : pairs_of) {
    for (int64_t pair = 0; pair < pairs; ++pair) sentences.emplace_back(1 + sentences.size() % 9, 3);
  }
  auto corpus = corpus_of(sentences, sentences);
  corpus.pairs_of = pairs_of;
  corpus.repeat = repeat;
  return corpus;
}

std::vector<int64_t> pairs_of_plan(const EpochPlan& plan) {
  std::vector<int64_t> pairs;
  for (int64_t batch = 0; batch < plan.batches(); ++batch) {
    pairs.insert(pairs.end(), plan[batch].begin(), plan[batch].end());
  }
  return pairs;
}

/// Returns the number of occurrences of each pair in an epoch.
std::vector<int64_t> times(const Corpus& corpus, uint64_t seed, int64_t epoch) {
  std::vector<int64_t> times(static_cast<std::size_t>(corpus.pairs()));
  for (const int64_t pair : pairs_of_plan(plan_epoch(corpus, {.sentences = 8, .pool = 4}, seed, epoch))) {
    ++times[static_cast<std::size_t>(pair)];
  }
  return times;
}

}  // namespace

TEST_CASE("repeat: an epoch has as many copies of a corpus as asked, and of a fraction that share",
          "[data][bucket][property]") {
  const double repeat = GENERATE(0.0, 0.25, 1.0, 1.5, 2.0, 3.1);
  const auto seed = GENERATE(range(1u, 4u));
  CAPTURE(repeat, seed);
  const int64_t pairs = 200;
  const auto count = times(corpus_of_parts({30, pairs, 50}, {1, repeat, 2}), seed, 5);

  REQUIRE(std::all_of(count.begin(), count.begin() + 30, [](int64_t n) { return n == 1; }));
  REQUIRE(std::all_of(count.end() - 50, count.end(), [](int64_t n) { return n == 2; }));
  const auto whole = static_cast<int64_t>(repeat);
  int64_t more = 0;
  for (auto n = count.begin() + 30; n != count.end() - 50; ++n) {
    REQUIRE((*n == whole || *n == whole + 1));
    more += *n - whole;
  }
  REQUIRE(more == std::llround((repeat - static_cast<double>(whole)) * pairs));
}

TEST_CASE("repeat: a share is drawn anew each epoch, by the seed, and every pair has its turn", "[data][bucket]") {
  const auto corpus = corpus_of_parts({100, 100}, {0.2, 0.2});
  const auto first = times(corpus, 1, 0);
  REQUIRE(times(corpus, 1, 0) == first);
  REQUIRE(times(corpus, 1, 1) != first);
  REQUIRE(times(corpus, 2, 0) != first);
  REQUIRE_FALSE(std::equal(first.begin(), first.begin() + 100, first.begin() + 100));  // and different in each corpus

  std::vector<int64_t> turns(200);
  constexpr int kEpochs = 500;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    const auto now = times(corpus, 3, epoch);
    for (std::size_t pair = 0; pair < turns.size(); ++pair) turns[pair] += now[pair];
  }
  // 500 draws at 0.2: 100 with a standard deviation of 9; a deviation of six in either direction occurs once in 10^8.
  REQUIRE(*std::min_element(turns.begin(), turns.end()) > 100 - 54);
  REQUIRE(*std::max_element(turns.begin(), turns.end()) < 100 + 54);
}

TEST_CASE("repeat: one copy of everything is the order without repetitions", "[data][bucket]") {
  const auto plain = corpus_of_parts({30, 40}, {});
  const auto once = corpus_of_parts({30, 40}, {1, 1});
  const BatchOptions options{.tokens = 60, .pool = 3};
  REQUIRE(pairs_of_plan(plan_epoch(once, options, 4, 2)) == pairs_of_plan(plan_epoch(plain, options, 4, 2)));
}

TEST_CASE("repeat: as many numbers as corpora", "[data][bucket][error]") {
  REQUIRE_THROWS_WITH(plan_epoch(corpus_of_parts({3, 4}, {1}), {.sentences = 2}, 1, 0),
                      ContainsSubstring("`data.train.repeat` has 1 number, but the training text has 2 corpora"));
}
