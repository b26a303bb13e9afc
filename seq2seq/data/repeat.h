#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/core/random.h"
#include "seq2seq/data/corpus.h"

namespace seq2seq::data {

/// The pairs that an epoch has, in their order: of each corpus of the text as many copies as `corpus.repeat` says. Of a
/// fraction it is that share of the pairs, to the nearest, drawn without replacement by (stream, epoch).
std::vector<int64_t> repeated_pairs(const Corpus& corpus, const RandomStream& stream, int64_t epoch);

}  // namespace seq2seq::data
