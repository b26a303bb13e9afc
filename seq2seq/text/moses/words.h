#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace seq2seq::text::moses {

using WordSet = std::unordered_set<std::u32string_view>;

/// Returns the words between spaces.
inline std::vector<std::u32string_view> words_between_spaces(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  while (true) {
    const std::size_t first = text.find_first_not_of(U' ');
    if (first == std::u32string_view::npos) return words;
    text.remove_prefix(first);
    words.push_back(text.substr(0, text.find(U' ')));
    text.remove_prefix(words.back().size());
  }
}

inline bool is_initial(std::u32string_view word) { return word.size() == 1 && word[0] >= U'A' && word[0] <= U'Z'; }

inline bool is_small_letter(std::u32string_view word) { return word.size() == 1 && word[0] >= U'a' && word[0] <= U'z'; }

}  // namespace seq2seq::text::moses
