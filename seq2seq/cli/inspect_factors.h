#pragma once

#include <iosfwd>
#include <vector>

#include "seq2seq/text/vocabulary.h"

namespace seq2seq::cli {

/// Prints a line for each factor of the source: its number of values, and the most frequent ones with their counts.
void print_factors(std::ostream& out, const std::vector<text::Vocabulary>& factors);

}  // namespace seq2seq::cli
