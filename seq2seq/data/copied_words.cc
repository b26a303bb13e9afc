#include "seq2seq/data/copied_words.h"

#include <algorithm>

#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {

void CopiedWords::add(const std::string& word, int64_t id) {
  if (this->id(word) == text::unknown_id) words_.emplace_back(word, id);
}

int64_t CopiedWords::id(std::string_view word) const {
  const auto found = std::ranges::find_if(words_, [&](const auto& one) { return one.first == word; });
  return found == words_.end() ? text::unknown_id : found->second;
}

const std::string* CopiedWords::word(int64_t id) const {
  const auto found = std::ranges::find_if(words_, [&](const auto& one) { return one.second == id; });
  return found == words_.end() ? nullptr : &found->first;
}

}  // namespace seq2seq::data
