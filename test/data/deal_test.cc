#include "seq2seq/data/deal.h"

#include <algorithm>
#include <random>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/pipeline.h"
#include "test/support/random_text.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

Corpus corpus_of_lengths(const std::vector<int64_t>& lengths) {
  std::mt19937_64 random(lengths.size());
  return corpus_of(random_sentences(random, lengths), random_sentences(random, lengths));
}

std::vector<int64_t> drawn_lengths(int64_t count, int64_t longest) {
  std::mt19937_64 random(static_cast<unsigned>(count));
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < count; ++i)
    lengths.push_back(1 + static_cast<int64_t>(random() % static_cast<uint64_t>(longest)));
  return lengths;
}

}  // namespace

TEST_CASE("deal: every pair goes to one rank, in the batch's order", "[data][property]") {
  const int64_t ranks = GENERATE(1, 2, 3, 4, 7, 16);
  const int64_t pairs = GENERATE(0, 1, 2, 5, 16, 128);
  CAPTURE(ranks, pairs);
  const auto corpus = corpus_of_lengths(drawn_lengths(200, 30));
  std::vector<int64_t> batch, all;
  for (int64_t pair = 0; pair < pairs; ++pair) batch.push_back((pair * 61) % 200);
  for (int64_t rank = 0; rank < ranks; ++rank) {
    const auto mine = dealt(batch, corpus, {.rank = rank, .ranks = ranks});
    auto at = batch.begin();
    for (const int64_t pair : mine) {
      at = std::find(at, batch.end(), pair);
      REQUIRE(at != batch.end());
    }
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  std::sort(batch.begin(), batch.end());
  REQUIRE(all == batch);
}

TEST_CASE("deal: ranks differ by one pair at most, and by the longest pair's tokens at most", "[data][property]") {
  const int64_t ranks = GENERATE(2, 3, 4, 8);
  const int64_t pairs = GENERATE(3, 16, 61, 128);
  const int64_t longest = GENERATE(1, 9, 50);
  CAPTURE(ranks, pairs, longest);
  const auto lengths = drawn_lengths(pairs, longest);
  const auto corpus = corpus_of_lengths(lengths);
  std::vector<int64_t> batch;
  for (int64_t pair = 0; pair < pairs; ++pair) batch.push_back(pair);
  std::vector<int64_t> counts, tokens;
  for (int64_t rank = 0; rank < ranks; ++rank) {
    const auto mine = dealt(batch, corpus, {.rank = rank, .ranks = ranks});
    counts.push_back(std::ssize(mine));
    tokens.push_back(0);
    for (const int64_t pair : mine) tokens.back() += 2 * lengths[static_cast<size_t>(pair)];
  }
  const auto [fewest, most] = std::minmax_element(counts.begin(), counts.end());
  const auto [lightest, heaviest] = std::minmax_element(tokens.begin(), tokens.end());
  REQUIRE(*most - *fewest <= 1);
  REQUIRE(*heaviest - *lightest <= 2 * *std::max_element(lengths.begin(), lengths.end()));
}

TEST_CASE("deal: a rank that does not exist is refused", "[data][error]") {
  const int64_t rank = GENERATE(-1, 3, 4);
  const auto corpus = corpus_of_lengths({1, 2});
  REQUIRE_THROWS_WITH(dealt(std::vector<int64_t>{0, 1}, corpus, {.rank = rank, .ranks = 3}),
                      ContainsSubstring("of 3 does not exist"));
}
