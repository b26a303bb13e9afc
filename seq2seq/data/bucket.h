#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/data/corpus.h"

namespace seq2seq::data {

struct BatchOptions {
  int64_t sentences = 0;  // a batch; 0: not limited by sentences
  int64_t tokens = 0;     // source and target together, end symbols included; exactly one of the two is given
  int64_t pool = 100;     // batches sorted by length together: larger makes lengths more alike, smaller mixes more
};
void declare(config::Keys& keys, BatchOptions& options);

/// The batches of one epoch, as indices into the corpus: pairs are shuffled, cut into pools, sorted by length within
/// each, cut into batches, and the batches shuffled. Depends on (corpus, options, seed, epoch) alone. Every pair occurs
/// exactly once.
std::vector<std::vector<int64_t>> plan_epoch(const Corpus& corpus, const BatchOptions& options, uint64_t seed,
                                             int64_t epoch);

/// The corpus in order of length, in batches: for validation and scoring, where the order does not matter.
std::vector<std::vector<int64_t>> plan_by_length(const Corpus& corpus, int64_t sentences);

}  // namespace seq2seq::data
