#include "seq2seq/data/bucket.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <tuple>

#include "seq2seq/core/error.h"
#include "seq2seq/core/random.h"

namespace seq2seq::data {
namespace {

using Indices = std::vector<int64_t>;

/// By source, then target length: both sides of a batch are then alike, because many pairs share a source length.
void sort_by_length(Indices& pairs, const Corpus& corpus) {
  std::stable_sort(pairs.begin(), pairs.end(), [&corpus](int64_t a, int64_t b) {
    return std::tuple(corpus.source.length(a), corpus.target.length(a)) <
           std::tuple(corpus.source.length(b), corpus.target.length(b));
  });
}

/// Cuts pairs into runs that hold at most `sentences` pairs or `tokens` tokens (0: any number), but at least one pair.
std::vector<Indices> cut(const Indices& pairs, const Corpus& corpus, int64_t sentences, int64_t tokens) {
  std::vector<Indices> runs;
  int64_t held = 0;
  for (const int64_t pair : pairs) {
    const int64_t more = corpus.source.length(pair) + corpus.target.length(pair) + 2;  // an end symbol a side
    const bool full =
        runs.empty() || (sentences > 0 && std::ssize(runs.back()) == sentences) || (tokens > 0 && held + more > tokens);
    if (full) {
      runs.emplace_back();
      held = 0;
    }
    runs.back().push_back(pair);
    held += more;
  }
  return runs;
}

}  // namespace

std::vector<Indices> plan_epoch(const Corpus& corpus, const BatchOptions& options, uint64_t seed, int64_t epoch) {
  if ((options.sentences > 0) == (options.tokens > 0)) {
    throw Error("exactly one of a batch's sentences and tokens must be above 0");
  }
  const RandomStream stream(seed, Purpose::shuffle);
  const uint64_t salt = 2 * static_cast<uint64_t>(epoch);  // even: pairs, odd: batches
  const auto shuffled = permutation(corpus.pairs(), stream, salt);
  std::vector<Indices> batches;
  for (auto& pool : cut(shuffled, corpus, options.sentences * options.pool, options.tokens * options.pool)) {
    sort_by_length(pool, corpus);
    for (auto& batch : cut(pool, corpus, options.sentences, options.tokens)) batches.push_back(std::move(batch));
  }
  std::vector<Indices> plan;
  plan.reserve(batches.size());
  for (const int64_t batch : permutation(std::ssize(batches), stream, salt + 1)) {
    plan.push_back(std::move(batches[static_cast<std::size_t>(batch)]));
  }
  return plan;
}

std::vector<Indices> plan_by_length(const Corpus& corpus, int64_t sentences) {
  Indices pairs(static_cast<std::size_t>(corpus.pairs()));
  std::iota(pairs.begin(), pairs.end(), 0);
  sort_by_length(pairs, corpus);
  return cut(pairs, corpus, sentences, 0);
}

}  // namespace seq2seq::data
