#pragma once

#include "seq2seq/data/clean/left_out.h"
#include "seq2seq/data/clean/pair_filter.h"
#include "seq2seq/data/input/line_pairs.h"
#include "seq2seq/data/options.h"
#include "seq2seq/text/line_tokenizer.h"

namespace seq2seq::data {

/// Reads text as pairs of tokens. Leaves out and counts unsuitable pairs, so that words are counted only in pairs used
/// for training.
class PairReader {
 public:
  PairReader(TrainFiles files, const DataOptions& options, const text::LineTokenizer& source,
             const text::LineTokenizer& target);
  /// Reads the next pair that is not left out; returns false after the last. Throws Error as LinePairs does.
  bool next(TokenPair& pair);
  const LeftOut& left_out() const { return left_out_; }

 private:
  LinePairs lines_;
  PairFilter filter_;
  bool drop_duplicates_;
  SeenPairs seen_;
  LinePair line_;
  LeftOut left_out_;
};

}  // namespace seq2seq::data
