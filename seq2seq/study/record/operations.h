#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/nn/parameter.h"

namespace seq2seq::study {

/// Returns the floating-point operations of a training: 6 for each parameter that multiplies a token, two of them
/// forward (multiply, add) and four backward, as in Kaplan et al. 2020, arXiv 2001.08361, section 2.1. A look-up in a
/// table does not count; a tied table counts as the output layer's weight. As in the paper, computations other than
/// products (gates, softmax, the update) are left out. `uses`: from Model::roles().
double training_operations(const std::vector<nn::ParameterUse>& uses, double source_tokens, double target_tokens);

/// Returns the tokens of a side in an epoch, with one end symbol per sentence, counting the repeats of corpora.
double tokens_per_epoch(const data::Corpus& corpus, const data::TokenStore& side);

}  // namespace seq2seq::study
