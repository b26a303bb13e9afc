#include "seq2seq/decode/repeats.h"

#include <algorithm>

namespace seq2seq::decode {

std::vector<int64_t> repeating_words(const std::vector<int64_t>& ids, int64_t size) {
  std::vector<int64_t> words;
  if (std::ssize(ids) < size) return words;  // too short for an n-gram even with one more word
  const auto last = ids.end() - (size - 1);  // the n-gram's words before the next one
  for (auto start = ids.begin(); ids.end() - start >= size; ++start)
    if (std::equal(last, ids.end(), start)) words.push_back(*(start + size - 1));
  return words;
}

}  // namespace seq2seq::decode
