#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "seq2seq/metrics/references.h"
#include "seq2seq/metrics/words.h"

namespace seq2seq::metrics {

/// Returns the minimum number of insertions, deletions and substitutions between the two (Levenshtein 1966). Time is
/// the product of the lengths, memory their sum.
int64_t edit_distance(const Tokens& a, const Tokens& b);

/// Returns errors / tokens. Without tokens: 0 if there is no error, otherwise infinite.
double error_share(double errors, double tokens);

/// Counts over a set of sequences and the rates they give. Papers on grapheme-to-phoneme conversion use other names:
/// their WER, the share of words with a wrong pronunciation, is the sequence error rate here, and their PER is the
/// token error rate. If the tokens are the words of a sentence, the token error rate is the usual WER.
struct ErrorRates {
  int64_t sequences = 0;
  int64_t exact = 0;             // sequences equal to one of their references
  int64_t edits = 0;             // against the nearest reference
  int64_t reference_tokens = 0;  // of the nearest references

  ErrorRates& operator+=(const ErrorRates& other);
  double exact_match() const;          // share of sequences, in [0, 1]
  double sequence_error_rate() const;  // 1 - exact_match
  double token_error_rate() const;     // edits / reference tokens; may exceed 1
};
inline constexpr std::string_view sequence_error_rate_name = "sequence error rate";
inline constexpr std::string_view token_error_rate_name = "token error rate";

/// references[sequence]: one or more. The nearest reference has the smallest edits / tokens (an empty one counts as one
/// token long); of equal ones, the first. Throws Error if the numbers of sequences differ, there is no sequence, or one
/// has no reference.
ErrorRates error_rates(const std::vector<Tokens>& hypotheses, const std::vector<std::vector<Tokens>>& references);

/// As error_rates(), for the words of lines: `token_error_rate` is then the usual WER.
ErrorRates word_error_rates(const std::vector<std::string>& hypotheses, const References& references);

}  // namespace seq2seq::metrics
