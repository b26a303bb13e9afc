#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/core/random.h"
#include "seq2seq/data/corpus.h"

namespace seq2seq::data {

/// Returns the pairs of an epoch in order: each corpus as often as `corpus.repeat` says. For a fraction, that share of
/// the pairs, rounded, is drawn without replacement from (stream, epoch).
std::vector<int64_t> repeated_pairs(const Corpus& corpus, const RandomStream& stream, int64_t epoch);

}  // namespace seq2seq::data
