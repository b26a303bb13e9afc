#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "seq2seq/data/corpus.h"

namespace seq2seq::data {

/// Share of every batch that one of several processes computes.
struct Deal {
  int64_t rank = 0, ranks = 1;
};

/// Returns the pairs of a batch for this rank, in the batch's order. Pairs are dealt longest first, from the first rank
/// to the last and back again, so that ranks have similar numbers of tokens; with fewer pairs than ranks, the last
/// ranks have none. Throws Error if the rank does not exist.
std::vector<int64_t> dealt(std::span<const int64_t> pairs, const Corpus& corpus, const Deal& deal);

}  // namespace seq2seq::data
