#pragma once

#include <cstdint>
#include <vector>

namespace seq2seq::decode {

/// Returns the words that would end an n-gram of `size` words for the second time after `ids`; a word may be listed
/// more than once.
std::vector<int64_t> repeating_words(const std::vector<int64_t>& ids, int64_t size);

}  // namespace seq2seq::decode
