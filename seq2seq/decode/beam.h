#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/decode/output_constraints.h"
#include "seq2seq/decode/phrases.h"
#include "seq2seq/decode/scoring_rule.h"

namespace seq2seq::decode {

/// Scores of the next words of each live hypothesis of one source, from a predictor.
struct Extensions {
  const double* scores;               // [live, width] natural log-probabilities of the best words, best first
  const int64_t* words;               // [live, width]
  int64_t width;                      // best words of each hypothesis
  const double* all = nullptr;        // [live, vocabulary] of every word; null unless Beam::wants_all()
  int64_t vocabulary = 0;             //
  const double* attention = nullptr;  // [live, positions] for predicting these words; null unless the rule reads it
  int64_t positions = 0;              //
};

struct BeamOptions {
  int64_t places = 1;     // K
  int64_t n_best = 1;     // complete hypotheses to return
  int64_t shortest = 0;   // words of the shortest output, without the end symbol
  int64_t longest = 1;    // words of the longest output, without the end symbol
  bool refill = true;     // true if a complete hypothesis frees its place
  double patience = 0;    // stop at `patience` times K complete hypotheses, and `n_best`; 0: when none can win
  int64_t no_repeat = 0;  // size of the n-grams that an output may contain only once; 0: no limit
  ScoringRule rule;
  double diversity = 0;  // subtracted from a word's ranking for each hypothesis of an earlier group with this word
  std::vector<int64_t> positions = {};  // of the source's words in rows of attention, if the rule reads them
  OutputConstraints constraints = {};
};

/// The hypotheses of one source during the search, by the rules of beam_search.h. Independent of models and batches.
class Beam {
 public:
  /// An unfinished hypothesis.
  struct Live {
    int64_t parent = 0;  // its index among the live hypotheses of the previous step
    int64_t word = 0;    // its last word
    int64_t path = Paths::root;
    double value = 0;  // by the scoring rule
    Coverage covered;  // of the source, by the words written
    Phrases::Progress progress;
  };

  /// Starts with one live hypothesis that has written nothing; its last word is the start symbol.
  explicit Beam(const BeamOptions& options);
  /// Returns the live hypotheses in the order of their ids, compared word by word; empty once the search is over.
  const std::vector<Live>& live() const { return live_; }
  /// Returns true if the next step needs the scores of all words.
  bool wants_all() const;
  /// Makes one step. `extensions`: for each live hypothesis at least K+1 words that no rule excludes, or all such
  /// words. `chosen`: for each word, how many hypotheses of earlier groups have just written it. Throws Error for a
  /// score that is not a number.
  void extend(const Extensions& extensions, const std::map<int64_t, int64_t>& chosen = {});
  /// Adds for each live hypothesis the words that would repeat an n-gram. `first_row`: row of the first live
  /// hypothesis.
  void add_repeats(int64_t first_row, std::vector<int64_t>& rows, std::vector<int64_t>& words) const;
  /// Returns the best complete and cut hypotheses found so far, best first.
  const std::vector<Hypothesis>& best() const { return best_; }

 private:
  struct Candidate {
    int64_t parent = 0, word = 0;
    double token_score = 0, value = 0;
    double place = 0;  // by which candidates are ranked: the value, less the penalty for diversity
    size_t bank = 0;   // number of phrase words it has met
  };
  std::vector<Candidate> rank(const Extensions& extensions, const std::map<int64_t, int64_t>& chosen) const;
  /// Penalizes the candidates from `first` on, all of one parent.
  void penalize_repetition(std::vector<Candidate>& candidates, size_t first, int64_t parent) const;
  void sort(std::vector<Candidate>& candidates) const;
  void add_phrase_words(std::vector<Candidate>& candidates, const Extensions& extensions, int64_t parent) const;
  void add(std::vector<Candidate>& candidates, int64_t parent, int64_t word, double token_score) const;
  std::vector<int64_t> places_by_bank(const std::vector<Candidate>& ranked) const;
  bool may_end(const Live& hypothesis) const;
  bool beaten(double value) const;
  bool out_of_patience() const;
  void complete(const Candidate& candidate, const Coverage& covered);
  void keep(Hypothesis hypothesis, double value, const Coverage& covered);
  void cut(const std::vector<bool>& ended);
  int64_t places() const;  // for which hypotheses compete now

  BeamOptions options_;
  Phrases phrases_;
  int64_t written_ = 0;   // words of each live hypothesis
  int64_t complete_ = 0;  // hypotheses that have completed
  Paths paths_;
  std::vector<Live> live_;
  std::vector<Hypothesis> best_;
};

}  // namespace seq2seq::decode
