#pragma once

#include <string_view>
#include <unordered_set>

namespace seq2seq::text::moses {

using Words = std::unordered_set<std::u32string_view>;

inline bool is_initial(std::u32string_view word) { return word.size() == 1 && word[0] >= U'A' && word[0] <= U'Z'; }

inline bool is_small_letter(std::u32string_view word) { return word.size() == 1 && word[0] >= U'a' && word[0] <= U'z'; }

}  // namespace seq2seq::text::moses
