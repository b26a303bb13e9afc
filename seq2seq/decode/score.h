#pragma once

#include <vector>

#include "seq2seq/data/batch.h"
#include "seq2seq/decode/predictor.h"

namespace seq2seq::decode {

/// The score of one pair: natural log-probabilities of its target tokens and then of the end symbol.
struct PairScore {
  std::vector<double> token_scores;
  double score = 0;  // their sum, in double
};

/// Attention weights of one pair: a row for each target token, then one for the end symbol; a column for each position
/// of the source.
using AttentionWeights = std::vector<std::vector<float>>;

/// In the order of the batch's sentences; columns in the order in which the encoder reads. Empty for an ensemble, or if
/// the model has no attention to positions.
std::vector<AttentionWeights> attention(const Predictor& predictor, const data::Batch& batch);

/// Returns scores in the order of the batch's sentences. `others`: the sources as the other models of an ensemble read
/// them.
std::vector<PairScore> score(const Predictor& predictor, const data::Batch& batch,
                             const std::vector<nn::Packed>& others = {});

}  // namespace seq2seq::decode
