#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/reading.h"

namespace seq2seq::decode {

/// The scores of lists of targets, one list per source.
struct ListScores {
  std::vector<std::vector<PairScore>> lists;  // token scores in the order of the text, the end symbol last
  int64_t tokens = 0;                         // of all targets, end symbols included
  int64_t steps = 0;                          // decoder steps made: tokens after the same prefix share one
  /// Returns the share of decoder steps saved by shared prefixes, 0 to 1.
  double saved() const;
};

/// Scores every target of each source, with the results of score_all() up to rounding. Each source is encoded once, and
/// the common prefix of several targets is computed once, by walking the prefix tree of each list level by level.
/// `hypotheses`: number of targets computed together, but at least all targets of one source. If they do not fit into
/// memory, fewer are taken from then on; the list of one source may then be divided, and the source is encoded for each
/// part. Throws the error if a single target does not fit.
ListScores score_lists(const Predictor& predictor, const Readings& sources, const std::vector<Sentences>& targets,
                       int64_t hypotheses, const Done& done = {});

}  // namespace seq2seq::decode
