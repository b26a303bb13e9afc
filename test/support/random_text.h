#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace seq2seq::test {

/// Returns difficult lengths, shuffled: 0, 1, several equal ones, a very long one, and some at random.
inline std::vector<int64_t> random_lengths(std::mt19937_64& random, int64_t longest = 12) {
  std::vector<int64_t> lengths{0, 1, 1, 5, 5, 5, 10 * longest};
  std::uniform_int_distribution<int64_t> length(0, longest);
  for (int i = 0; i < 10; ++i) lengths.push_back(length(random));
  std::shuffle(lengths.begin(), lengths.end(), random);
  return lengths;
}

/// Returns sentences of these lengths with ids in [3, 3 + words).
inline std::vector<std::vector<int64_t>> random_sentences(std::mt19937_64& random, const std::vector<int64_t>& lengths,
                                                          int64_t words = 20) {
  std::uniform_int_distribution<int64_t> word(3, 2 + words);
  std::vector<std::vector<int64_t>> sentences;
  for (const int64_t length : lengths) {
    auto& sentence = sentences.emplace_back();
    for (int64_t i = 0; i < length; ++i) sentence.push_back(word(random));
  }
  return sentences;
}

/// Returns a text of `pieces` drawn from the given ones.
inline std::string random_text(std::mt19937_64& random, const std::vector<std::string>& from, int pieces) {
  std::uniform_int_distribution<std::size_t> index(0, from.size() - 1);
  std::string text;
  for (int i = 0; i < pieces; ++i) text += from[index(random)];
  return text;
}

}  // namespace seq2seq::test
