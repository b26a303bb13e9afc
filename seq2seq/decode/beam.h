#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/decode/length_normalization.h"

namespace seq2seq::decode {

/// The best next words of each live hypothesis of one source, as a predictor returns them: rows of `width`, best first.
struct Extensions {
  const double* scores;  // [live, width] natural log-probabilities
  const int64_t* words;  // [live, width]
  int64_t width;
};

struct BeamOptions {
  int64_t places = 1;     // K
  int64_t n_best = 1;     // complete hypotheses wanted
  int64_t shortest = 0;   // words of the shortest output, without the end symbol
  int64_t longest = 1;    // words of the longest output, without the end symbol
  bool refill = true;     // the place of a hypothesis that is complete is free again
  double patience = 0;    // over once `patience` times K hypotheses are complete, and `n_best`; 0: once none can win
  int64_t no_repeat = 0;  // words of the n-grams that no output has twice; 0: any may
  LengthNormalization normalization;
};

/// The hypotheses of one source while they are searched; search.h says by which rules. Knows nothing of models and
/// batches.
class Beam {
 public:
  /// A hypothesis that is still written.
  struct Live {
    int64_t parent = 0;  // its index among the live ones of the step before
    int64_t word = 0;    // its last word
    int64_t path = Paths::root;
    double score = 0;
  };

  /// One live hypothesis, with nothing written; its word is the start symbol.
  explicit Beam(const BeamOptions& options);
  /// In the order of their ids, word by word; none once the search is over.
  const std::vector<Live>& live() const { return live_; }
  /// One step: `extensions` holds at least K+1 words of each live hypothesis, or all that there are. Throws Error for a
  /// score that is not a number.
  void extend(const Extensions& extensions);
  /// Adds for each live hypothesis the words that would repeat an n-gram. `first_row`: where its hypotheses begin.
  void add_repeats(int64_t first_row, std::vector<int64_t>& rows, std::vector<int64_t>& words) const;
  /// The best complete and cut hypotheses found so far, best first.
  const std::vector<Hypothesis>& best() const { return best_; }

 private:
  struct Candidate {
    int64_t parent = 0, word = 0;
    double token_score = 0, score = 0;
  };
  std::vector<Candidate> rank(const Extensions& extensions) const;
  bool beaten(double score) const;
  bool out_of_patience() const;
  void keep(Hypothesis hypothesis);
  void cut(const std::vector<bool>& ended);
  size_t places() const;  // that hypotheses compete for now

  BeamOptions options_;
  int64_t written_ = 0;   // words of each live hypothesis
  int64_t complete_ = 0;  // hypotheses that have ended
  Paths paths_;
  std::vector<Live> live_;
  std::vector<Hypothesis> best_;
};

}  // namespace seq2seq::decode
