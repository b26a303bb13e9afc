#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace seq2seq::config {

/// Returns the text with ASCII letters in lower case.
std::string without_case(std::string text);

/// Returns the candidate with the smallest edit distance (insertions, deletions, substitutions and swaps of
/// neighbours), upper and lower case being equal; empty if in all of them more than 1/`share` of the word is wrong.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates, size_t share = 2);

}  // namespace seq2seq::config
