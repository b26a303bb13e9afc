#pragma once

#include <cstdint>
#include <vector>

namespace seq2seq::decode {

/// Sequences of words that must occur in an output, as an acceptor of outputs. They may overlap. A phrase that is
/// listed twice needs to occur only once.
class Phrases {
 public:
  /// State after a partial output: for each phrase, the length of its longest prefix that ends the output; its full
  /// length once it has occurred.
  using Progress = std::vector<int64_t>;

  Phrases() = default;
  /// No phrase may be empty.
  explicit Phrases(std::vector<std::vector<int64_t>> phrases);

  bool any() const { return !phrases_.empty(); }
  Progress start() const { return Progress(phrases_.size()); }
  Progress after(const Progress& progress, int64_t word) const;
  /// Returns true if every phrase has occurred.
  bool met(const Progress& progress) const { return words_met(progress) == words(); }
  /// Returns the number of words of all phrases, and how many of them have been met.
  int64_t words() const { return words_; }
  int64_t words_met(const Progress& progress) const;
  /// Returns the least number of words that must still follow.
  int64_t words_needed(const Progress& progress) const;
  /// Returns the words that continue a phrase that has not occurred yet, each once.
  std::vector<int64_t> next(const Progress& progress) const;

 private:
  struct Phrase {
    std::vector<int64_t> words;
    std::vector<int64_t> fallback;  // [n + 1] matched words left after a mismatch: Knuth, Morris and Pratt 1977
  };
  static int64_t extended(const Phrase& phrase, int64_t matched, int64_t word);

  std::vector<Phrase> phrases_;
  int64_t words_ = 0;
};

/// Divides the places of a beam among the numbers of phrase words that hypotheses have met (Post and Vilar 2018, arXiv
/// 1804.06609, section 3.2). `waiting` [n + 1]: number of candidates that have met 0, 1, ... words. Shares are equal.
/// Remaining places, and places that a group cannot fill, go to the candidates that have met the most words.
std::vector<int64_t> share_places(int64_t places, const std::vector<int64_t>& waiting);

}  // namespace seq2seq::decode
