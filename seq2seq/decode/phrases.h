#pragma once

#include <cstdint>
#include <vector>

namespace seq2seq::decode {

/// Sequences of words that must occur in an output, as an acceptor of outputs. They may overlap; one that is asked for
/// twice must occur once.
class Phrases {
 public:
  /// State of a beginning: for each phrase, how many of its words the beginning ends in; all of them for good once the
  /// phrase has occurred.
  using Progress = std::vector<int64_t>;

  Phrases() = default;
  /// None of them is empty.
  explicit Phrases(std::vector<std::vector<int64_t>> phrases);

  bool any() const { return !phrases_.empty(); }
  Progress start() const { return Progress(phrases_.size()); }
  Progress after(const Progress& progress, int64_t word) const;
  /// True if every phrase has occurred.
  bool met(const Progress& progress) const { return words_met(progress) == words(); }
  /// The words of all phrases, and how many of them are there.
  int64_t words() const { return words_; }
  int64_t words_met(const Progress& progress) const;
  /// At least so many words must follow.
  int64_t words_needed(const Progress& progress) const;
  /// Returns the words that continue a phrase that has not occurred yet, each once.
  std::vector<int64_t> next(const Progress& progress) const;

 private:
  struct Phrase {
    std::vector<int64_t> words;
    std::vector<int64_t> fallback;  // [n + 1] how many words a broken match leaves: Knuth, Morris and Pratt 1977
  };
  static int64_t extended(const Phrase& phrase, int64_t matched, int64_t word);

  std::vector<Phrase> phrases_;
  int64_t words_ = 0;
};

/// Divides places of a beam over the numbers of phrase words that hypotheses have met (Post and Vilar 2018, arXiv
/// 1804.06609, section 3.2). `waiting` [n + 1]: the candidates that have met 0, 1, ... words. Shares are equal, the
/// places left over go to those who have met most, and so do the places that a number cannot fill.
std::vector<int64_t> share_places(int64_t places, const std::vector<int64_t>& waiting);

}  // namespace seq2seq::decode
