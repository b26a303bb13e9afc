#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/data/deal.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/search.h"
#include "seq2seq/metrics/bleu.h"
#include "seq2seq/metrics/error_rate.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/metrics/options.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/exact_counts.h"
#include "seq2seq/run/metric_names.h"
#include "seq2seq/run/outputs.h"
#include "seq2seq/train/team.h"
#include "seq2seq/train/validation.h"

namespace seq2seq::run {

/// exp of the mean negative log-probability of a token, including end symbols, of each sentence's first reference. The
/// figures per word and per character of the reference's line, including one for its end, can be compared between
/// models with different tokenizations.
struct Perplexity {
  double score = 0;  // natural log-probability of all pairs
  int64_t tokens = 0;
  int64_t words = 0, characters = 0;
  double value() const;
};
/// Returns the number of words or characters of a line, including one for its end.
int64_t words_of(const std::string& line);
int64_t characters_of(const std::string& line);

Perplexity measure_perplexity(const decode::Predictor& predictor, const EvaluationSet& set,
                              const data::TextPipeline& text, int64_t batch, const decode::Done& done = {},
                              const data::Deal& deal = {});

/// Similarity of the best outputs to their nearest references. BLEU compares lines, error rates tokens: see compared.h.
struct OutputFigures {
  metrics::ErrorRates rates;
  metrics::Bleu bleu;
  std::map<std::string, metrics::Counts> lines;  // sums by name, for the configured metrics
  int64_t cut = 0;                               // outputs that stopped at the longest length
  int64_t below_minimum = 0;                     // outputs of this rank that are shorter than `decode.min_length`
  ExactCounts exact;
};
/// Compares outputs with the references of the sentences `chosen`. `names`: metrics to measure besides BLEU and error
/// rates, from `line_metrics`. Without sentences, all figures except the counts are 0.
OutputFigures compare_outputs(const std::vector<MeasuredOutput>& outputs, const EvaluationSet& set,
                              const std::vector<int64_t>& chosen, const data::TextPipeline& text,
                              const metrics::MetricOptions& metrics, const std::vector<std::string>& names);
/// Searches for outputs and compares them. `deal`: the share of one of several ranks.
OutputFigures measure_outputs(const decode::Predictor& predictor, const EvaluationSet& set,
                              const data::TextPipeline& text, const decode::DecodeOptions& options,
                              const metrics::MetricOptions& metrics = {}, const decode::Done& done = {},
                              const data::Deal& deal = {}, const std::vector<std::string>& names = {});

/// Sums the measurements over all ranks; `options` set the smoothing of BLEU.
void sum_over(train::Team& team, Perplexity& perplexity);
void sum_over(train::Team& team, OutputFigures& figures, const metrics::BleuOptions& options);

train::Figures named(const Perplexity& perplexity);
void add(train::Figures& figures, const OutputFigures& outputs);

/// Returns the validation function of a training, for perplexity and the other configured metrics. Each rank of `team`
/// (null: one process) measures its share and returns the figures of all. `set`, `text` and `team` must outlive the
/// function. `language_model`: of `decode.language_model`; null: none. Calls `done` after each measurement.
train::Validate make_validation(const EvaluationSet& set, const data::TextPipeline& text,
                                const decode::DecodeOptions& decode, const metrics::MetricOptions& options,
                                const std::vector<std::string>& metrics, train::Team* team = nullptr,
                                std::shared_ptr<const decode::Predictor> language_model = {},
                                const decode::Done& done = {});

}  // namespace seq2seq::run
