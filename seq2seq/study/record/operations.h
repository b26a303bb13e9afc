#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/data/corpus.h"

namespace seq2seq::study {

/// Floating-point operations of a training: 6 for each parameter that a token is multiplied by, two of them forward
/// (multiply, add) and four backward, as in Kaplan et al. 2020, arXiv 2001.08361, section 2.1. An embedding is looked
/// up, not multiplied; the encoder's parameters meet source tokens, the others target tokens. What is computed token by
/// token beside the products (gates, softmax, the update) is left out, here as there.
/// `parts`: the model's, with the number of their parameters, as `Model::part_sizes` has them.
double training_operations(const std::vector<std::pair<std::string, int64_t>>& parts, double source_tokens,
                           double target_tokens);

/// Tokens of a side that an epoch reads, an end symbol a sentence; of several corpora as often as they are repeated.
double tokens_an_epoch(const data::Corpus& corpus, const data::TokenStore& side);

}  // namespace seq2seq::study
