#pragma once

#include <cstdint>

#include "seq2seq/core/error.h"
#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/run/evaluation_set.h"

namespace seq2seq::run {

/// Lengths of the longest lines that a model can read, limited by learned positions.
class LengthLimits {
 public:
  LengthLimits(const nn::Model& model, const data::DataOptions& options);
  bool any() const;
  /// Throws Error for a line with more tokens than the model can read.
  void check_source(int64_t tokens, const Place& place) const;
  void check_target(int64_t tokens, const Place& place) const;

 private:
  int64_t source_, target_;  // tokens of a line; nn::no_longest_sentence: no limit
};

/// Throws Error for the first sentence of the files that the model cannot read.
void check_lengths(const EvaluationSet& set, const data::FilePair& files, const LengthLimits& limits);

}  // namespace seq2seq::run
