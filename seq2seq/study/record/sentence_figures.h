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

/// Contribution of one sentence to the figures of a test set; sums give every figure of any subset of sentences.
struct SentenceFigures {
  double score = 0;           // natural log-probability of the first reference it has, with its end symbol
  int64_t scored_tokens = 0;  // the end symbol among them
  int64_t source_tokens = 0;
  metrics::ErrorRates rates;  // of this sentence alone
  metrics::BleuCounts bleu;
  std::map<std::string, metrics::Counts> lines;  // of the other metrics that were measured, by name
};

/// Scores the set and compares outputs with its references, one element per sentence, in order. `outputs` are those of
/// all sentences; none: of a language model, which is only scored. Of `names`, those of `kept_apart` are measured
/// beside the rest.
std::vector<SentenceFigures> measure_sentences(const decode::Predictor& predictor, const run::EvaluationSet& set,
                                               const data::TextPipeline& text, int64_t batch,
                                               const std::vector<run::MeasuredOutput>& outputs,
                                               const metrics::MetricOptions& metrics = {},
                                               const std::vector<std::string>& names = run::metric_names());

/// The names of all figures that a study may have: those of run::metric_names() and the rates of exact search.
const std::vector<std::string>& study_metric_names();

/// Returns those of `names` that only a study that asks for them measures: they take several numbers per sentence.
std::vector<std::string> kept_apart(const std::vector<std::string>& names);

/// Returns one of `study_metric_names()` that was measured on the sentences with these numbers, which may repeat.
/// Throws std::invalid_argument for any other name.
double figure_of(std::string_view metric, std::span<const SentenceFigures> sentences, std::span<const int64_t> chosen);

}  // namespace seq2seq::study
