#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/data/corpus.h"

namespace seq2seq::data {

/// Content of an epoch: every pair once, in a new order, or the same number of independent draws.
enum class EpochDraw { each_once, with_replacement };

struct BatchOptions {
  int64_t sentences = 0;  // a batch; 0: not limited by sentences
  int64_t tokens = 0;     // source and target together, end symbols included; exactly one of the two limits is given
  int64_t pool = 100;     // batches sorted by length together: larger makes lengths more alike, smaller mixes more
  EpochDraw draw = EpochDraw::each_once;
  int64_t prefetch = 2;  // updates for which batches are made in advance on another thread; 0: none
};
void declare(config::Keys& keys, BatchOptions& options);

/// The batches of one epoch, as indices into the corpus. Takes eight bytes per pair and sixteen per batch.
class EpochPlan {
 public:
  int64_t batches() const { return std::ssize(bounds_); }
  std::span<const int64_t> operator[](int64_t batch) const {
    const auto& bounds = bounds_[static_cast<std::size_t>(batch)];
    return std::span(pairs_).subspan(bounds.first, bounds.count);
  }

 private:
  friend EpochPlan plan_epoch(const Corpus& corpus, const BatchOptions& options, uint64_t seed, int64_t epoch);
  struct Bounds {
    std::size_t first, count;
  };
  std::vector<int64_t> pairs_;  // pool after pool; only the bounds of batches are shuffled
  std::vector<Bounds> bounds_;  // [batches], in the order of the epoch
};

/// Shuffles the pairs, cuts them into pools, sorts each pool by length, cuts it into batches, and shuffles the batches.
/// Depends only on (corpus, options, seed, epoch). Every pair occurs exactly once, or as often as `corpus.repeat` says;
/// with replacement, that often on average.
EpochPlan plan_epoch(const Corpus& corpus, const BatchOptions& options, uint64_t seed, int64_t epoch);

}  // namespace seq2seq::data
