#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "seq2seq/decode/predictor.h"
#include "seq2seq/metrics/bleu.h"
#include "seq2seq/metrics/error_rate.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/metrics/options.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/metric_names.h"
#include "seq2seq/run/outputs.h"

namespace seq2seq::study {

/// Contribution of one sentence to the figures of a test set. The sums give all figures of any subset of sentences.
struct SentenceFigures {
  double score = 0;           // natural log-probability of its first reference, including the end symbol
  int64_t scored_tokens = 0;  // end symbol included
  int64_t source_tokens = 0;
  metrics::ErrorRates rates;  // of this sentence
  metrics::BleuCounts bleu;
  std::map<std::string, metrics::Counts> lines;  // of the other measured metrics, by name
};

/// Scores the set and compares outputs with its references, one element per sentence, in order. `outputs`: of all
/// sentences; empty for a language model, which is only scored. `names`: the metrics among them that
/// stored_separately() returns are measured, too.
std::vector<SentenceFigures> measure_sentences(const decode::Predictor& predictor, const run::EvaluationSet& set,
                                               const data::TextPipeline& text, int64_t batch,
                                               const std::vector<run::MeasuredOutput>& outputs,
                                               const metrics::MetricOptions& metrics = {},
                                               const std::vector<std::string>& names = run::metric_names());

/// Returns the names of all figures that a study may have: those of run::metric_names() and the rates of exact search.
const std::vector<std::string>& study_metric_names();

/// Returns those of `names` that are measured only if a study asks for them, because they take several numbers per
/// sentence.
std::vector<std::string> stored_separately(const std::vector<std::string>& names);

/// Returns the figure of one of `study_metric_names()` on the sentences with these numbers, which may repeat. Throws
/// std::invalid_argument for any other name.
double figure_of(std::string_view metric, std::span<const SentenceFigures> sentences, std::span<const int64_t> chosen);

}  // namespace seq2seq::study
