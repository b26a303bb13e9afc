#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/decode/ensemble.h"
#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/decode/length_normalization.h"
#include "seq2seq/decode/output_constraints.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/rescore_options.h"
#include "seq2seq/decode/sampling.h"
#include "seq2seq/decode/scoring_rule.h"
#include "seq2seq/decode/unknown.h"
#include "seq2seq/nn/precision.h"

namespace seq2seq::decode {

/// The longest output, in tokens without the end symbol: ratio * source tokens + plus, and never more than `limit`.
struct MaxLengthOptions {
  double ratio = 2;
  int64_t plus = 10;
  int64_t limit = 1000;
};
void declare(config::Keys& keys, MaxLengthOptions& options);

/// Returns the longest output for a source of this many tokens, without its end symbol. A fraction of a token counts as
/// one.
int64_t longest_output(const MaxLengthOptions& options, int64_t source_tokens);

enum class SearchKind { beam, sample, exact };

/// Output for an empty source line in translation. Measurements search for its output, as for every other line.
enum class EmptySource { empty, translate };

/// A language model that is part of the search (fused_predictor.h).
struct FusionOptions {
  std::filesystem::path run;  // folder of its run; empty: none
  double weight = 0.2;        // of its log-probabilities; 0: no effect
  bool any() const { return !run.empty() && weight > 0; }
};
void declare(config::Keys& keys, FusionOptions& options);

/// Groups of hypotheses that compete separately: see beam_search.h.
struct DiverseBeamOptions {
  int64_t groups = 1;     // 1: all hypotheses compete with each other
  double strength = 0.5;  // lambda of Vijayakumar et al. 2016
};
void declare(config::Keys& keys, DiverseBeamOptions& options);

/// The value of `minimum_bayes_risk` without a metric.
inline constexpr const char* no_metric = "none";

struct DecodeOptions {
  int64_t beam = 12;  // K; 1: greedy
  int64_t n_best = 1;
  MaxLengthOptions max_length;
  bool oracle_length = false;  // outputs are as long as their first references; max_length is ignored
  int64_t min_length = 0;      // tokens of an output without the end symbol, up to the longest length
  LengthNormalization length_normalization;
  double repetition_penalty = 1;  // see ScoringRule
  double coverage_penalty = 0;    // see ScoringRule; needs a model that attends
  DiverseBeamOptions diverse_beam;
  double patience = 0;          // of beam search; 0: it ends when no live hypothesis can win any more
  int64_t no_repeat_ngram = 0;  // size of the n-grams that an output may contain only once; 0: no limit
  SearchKind search = SearchKind::beam;
  SampleOptions sample;
  std::string minimum_bayes_risk = no_metric;  // metric by which a caller of search() chooses among samples
  int64_t exact_nodes = 10'000;                // most partial outputs per source that exact search extends
  bool refill = true;  // otherwise each complete hypothesis takes one place from the beam for good
  int64_t batch = 64;  // sentences that a caller of search() should pass together; does not change results
  bool allow_unknown = false;
  UnknownOptions unknown;                               // for a caller of search() that writes text
  EnsembleMean ensemble = EnsembleMean::probabilities;  // for code that makes an ensemble
  nn::Precision precision = nn::Precision::float32;
  FusionOptions language_model;
  EmptySource empty_source = EmptySource::empty;  // for a caller of search() that translates text
  RescoreOptions rescore;                         // for a caller that measures outputs
};
void declare(config::Keys& keys, DecodeOptions& options);

/// Returns the rule by which these options compare hypotheses.
ScoringRule scoring_rule(const DecodeOptions& options);

/// Searches by the method `options.search`: beam_search(), draw_samples() of sampling.h, or exact_search(). Outputs are
/// in the order of the sources, at least one per source. `lengths` [B]: computed by the caller from max_length,
/// min_length or oracle_length.
std::vector<std::vector<Hypothesis>> search(const Predictor& predictor, const Sources& sources,
                                            const std::vector<OutputLength>& lengths, const DecodeOptions& options,
                                            const std::vector<OutputConstraints>& constraints = {});

}  // namespace seq2seq::decode
