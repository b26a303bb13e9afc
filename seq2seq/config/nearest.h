#pragma once

#include <string>
#include <vector>

namespace seq2seq::config {

/// Returns the candidate with the smallest edit distance (insertions, deletions, substitutions and swaps of
/// neighbours); empty if no candidate is within half of the word's length.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace seq2seq::config
