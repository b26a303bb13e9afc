#pragma once

#include <string_view>
#include <vector>

#include "seq2seq/text/draws.h"
#include "seq2seq/text/subwords/pieces.h"

namespace seq2seq::text::subwords {

/// Returns one segmentation of `text` into pieces, drawn with probability proportional to p(segmentation)^alpha, where
/// p is the product of the pieces' probabilities: Kudo 2018, arXiv 1804.10959, section 3.3, with all segmentations as
/// candidates. A character that is not a piece is a separate part, with SentencePiece's probability of unknown
/// characters.
std::vector<std::string_view> sample_unigram(std::string_view text, const Pieces& pieces, double alpha, Draws& draws);

/// Merges `text` by BPE. At every step each possible merge is left out with probability `dropout`; a word is finished
/// when no merge is left: Provilkov et al. 2020, arXiv 1910.13267, algorithm 1. Works word by word, unless pieces cross
/// words.
std::vector<std::string_view> merge_with_dropout(std::string_view text, const Pieces& pieces, double dropout,
                                                 Draws& draws);

}  // namespace seq2seq::text::subwords
