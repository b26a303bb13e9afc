#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "seq2seq/decode/demand.h"
#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/decode/phrases.h"
#include "seq2seq/decode/scoring_rule.h"

namespace seq2seq::decode {

/// Scores of the next words of each live hypothesis of one source, from a predictor.
struct Extensions {
  const double* scores;               // [live, width] natural log-probabilities of the best words, best first
  const int64_t* words;               // [live, width]
  int64_t width;                      //
  const double* all = nullptr;        // [live, vocabulary] of every word; null unless Beam::wants_all()
  int64_t vocabulary = 0;             //
  const double* attention = nullptr;  // [live, positions] that these words are predicted with; null unless it is read
  int64_t positions = 0;              //
};

struct BeamOptions {
  int64_t places = 1;     // K
  int64_t n_best = 1;     // complete hypotheses wanted
  int64_t shortest = 0;   // words of the shortest output, without the end symbol
  int64_t longest = 1;    // words of the longest output, without the end symbol
  bool refill = true;     // the place of a hypothesis that is complete is free again
  double patience = 0;    // over once `patience` times K hypotheses are complete, and `n_best`; 0: once none can win
  int64_t no_repeat = 0;  // words of the n-grams that no output has twice; 0: any may
  ScoringRule rule;
  double diversity = 0;  // what a word loses in the ranking for each hypothesis of an earlier group with it
  std::vector<int64_t> positions = {};  // those of the source's words in rows of attention, where the rule reads them
  Demand demand = {};
};

/// The hypotheses of one source while they are searched; beam_search.h says by which rules. Knows nothing of models and
/// batches.
class Beam {
 public:
  /// A hypothesis that is still written.
  struct Live {
    int64_t parent = 0;  // its index among the live ones of the step before
    int64_t word = 0;    // its last word
    int64_t path = Paths::root;
    double value = 0;  // by the scoring rule
    Coverage covered;  // by the words written
    Phrases::Progress progress;
  };

  /// One live hypothesis, with nothing written; its word is the start symbol.
  explicit Beam(const BeamOptions& options);
  /// In the order of their ids, word by word; none once the search is over.
  const std::vector<Live>& live() const { return live_; }
  /// True if the next step needs the scores of all words.
  bool wants_all() const;
  /// One step: `extensions` holds at least K+1 words of each live hypothesis that no rule holds back, or all that there
  /// are. `chosen`: how many hypotheses of earlier groups have gone on by each word. Throws Error for a score that is
  /// not a number.
  void extend(const Extensions& extensions, const std::map<int64_t, int64_t>& chosen = {});
  /// Adds for each live hypothesis the words that would repeat an n-gram. `first_row`: where its hypotheses begin.
  void add_repeats(int64_t first_row, std::vector<int64_t>& rows, std::vector<int64_t>& words) const;
  /// The best complete and cut hypotheses found so far, best first.
  const std::vector<Hypothesis>& best() const { return best_; }

 private:
  struct Candidate {
    int64_t parent = 0, word = 0;
    double token_score = 0, value = 0;
    double place = 0;  // what candidates are ranked by: the value, less what diversity takes
    size_t bank = 0;   // words of phrases that it has met
  };
  std::vector<Candidate> rank(const Extensions& extensions, const std::map<int64_t, int64_t>& chosen) const;
  /// Of those from `first` on, all of one parent.
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
  int64_t places() const;  // that hypotheses compete for now

  BeamOptions options_;
  Phrases phrases_;
  int64_t written_ = 0;   // words of each live hypothesis
  int64_t complete_ = 0;  // hypotheses that have ended
  Paths paths_;
  std::vector<Live> live_;
  std::vector<Hypothesis> best_;
};

}  // namespace seq2seq::decode
