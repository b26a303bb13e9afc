#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/reading.h"

namespace seq2seq::decode {

/// The scores of lists of targets, one list a source.
struct ListScores {
  std::vector<std::vector<PairScore>> lists;  // token scores in the order of the text, the end symbol's last
  int64_t tokens = 0;                         // of all targets, end symbols among them
  int64_t steps = 0;                          // that a decoder made: tokens with the same beginning share one
  /// The share of decoder steps that shared beginnings saved, 0 to 1.
  double saved() const;
};

/// Scores every target of each source, with the results of score_all() up to rounding. A source is encoded once, and
/// the common beginning of several targets is computed once: the prefix tree of each list is walked level by level.
/// `hypotheses`: targets that are computed together, all of one source at least. If memory does not suffice for them,
/// fewer are taken from then on, also of one source, which is then encoded for each part of its list; the error is
/// thrown if a single target does not fit.
ListScores score_lists(const Predictor& predictor, const Readings& sources, const std::vector<Sentences>& targets,
                       int64_t hypotheses, const Done& done = {});

}  // namespace seq2seq::decode
