#pragma once

#include <cstdint>
#include <vector>

namespace seq2seq::decode {

/// A finished output. Its score is the natural log-probability of its tokens and the end symbol, summed in double, as
/// in score(); with a language model, the weighted sum of both.
struct Hypothesis {
  std::vector<int64_t> ids;          // without the end symbol
  std::vector<double> token_scores;  // one per id, then one for the end symbol unless the hypothesis is cut
  double score = 0;                  // their sum
  double ranking_score = 0;  // by which outputs are compared: the score, normalized by length if the options say so
  bool cut = false;          // stopped at the longest length and scored without an end symbol
  bool proven = false;       // by exact search: no output outside the list before it ranks higher
  bool missed = false;       // proven the best, but beam search returned another output
};

/// Throws Error for a log-probability that is not a number.
void check_is_number(double token_score);

/// Returns true if `a` is listed before `b`: the higher ranking score first, equal ones in the order of their ids, word
/// by word.
bool better(const Hypothesis& a, const Hypothesis& b);

/// The words that the hypotheses of one source have written, as a tree that stores shared prefixes once.
class Paths {
 public:
  static constexpr int64_t root = -1;  // nothing written yet
  /// Appends a word to the path that ends in `parent`; returns the end of the longer path.
  int64_t add(int64_t parent, int64_t word, double token_score);
  /// Returns the words from the root to `end`, with their scores and the sum of the scores from the first word on.
  Hypothesis trace(int64_t end) const;

 private:
  struct Node {
    int64_t parent;
    int64_t word;
    double token_score;
  };
  std::vector<Node> nodes_;
};

}  // namespace seq2seq::decode
