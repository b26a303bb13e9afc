#pragma once

#include <cstdint>
#include <vector>

namespace seq2seq::decode {

/// A finished output. Its score is the natural log-probability of its tokens and of the end symbol, the sum in double:
/// what score() gives it; with a language model beside the model, the weighted sum of both.
struct Hypothesis {
  std::vector<int64_t> ids;          // without the end symbol
  std::vector<double> token_scores;  // one an id, then the end symbol's; a cut hypothesis has none for the end
  double score = 0;                  // their sum
  double rank = 0;      // what outputs are compared by: the score, normalized by length if that is asked for
  bool cut = false;     // stopped at the longest output: scored as it stands, without an end symbol
  bool proven = false;  // by exact search: no output that is not listed before it ranks higher
  bool missed = false;  // proven the best, and beam search returned another one
};

/// Throws Error for a log-probability that is not a number.
void check_is_number(double token_score);

/// True if `a` is listed before `b`: the higher rank first, equal ones in the order of their ids, word by word.
bool better(const Hypothesis& a, const Hypothesis& b);

/// The words that the hypotheses of one source have written, as a tree: beginnings that they share are held once.
class Paths {
 public:
  static constexpr int64_t root = -1;  // nothing written yet
  /// Appends a word to the path that ends in `parent`; returns the end of the longer path.
  int64_t add(int64_t parent, int64_t word, double token_score);
  /// The words from the root to `end`, their scores and the sum of these, added up from the first word on.
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
