#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/train/validation.h"

namespace seq2seq::run {

/// Counts of exact search over a text, which separate search errors from errors of the model (Stahlberg and
/// Byrne 2019, arXiv 1908.10090).
struct ExactCounts {
  int64_t sentences = 0;  // searched exactly; 0: `decode.search` is another kind
  int64_t unproven = 0;   // sentences for which `decode.exact_nodes` stopped the search
  int64_t missed = 0;     // sentences for which beam search returned an output other than the proven best
  int64_t empty = 0;      // sentences with an empty proven best output

  void add(const decode::Hypothesis& best);
  ExactCounts& operator+=(const ExactCounts& other);
};

/// Returns the names of their shares of all sentences: search_error_rate (missed), empty_best_rate and unproven_rate.
const std::vector<std::string>& exact_rate_names();
bool is_exact_rate(std::string_view name);
/// Returns 1 if an output counts for the rate of this name, otherwise 0. Without exact search, an output counts as
/// unproven.
double counts_for(std::string_view rate, const ExactCounts& output);
/// Returns the rates by name; empty without sentences.
train::Figures rates_of(const ExactCounts& counts);

/// Returns `best output proven for 97 of 100 sentences (3 stopped at decode.exact_nodes); beam search missed it for 12,
/// it is empty for 5`.
std::string describe(const ExactCounts& counts);

}  // namespace seq2seq::run
