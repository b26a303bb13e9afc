#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/search.h"
#include "seq2seq/metrics/bleu.h"
#include "seq2seq/metrics/error_rate.h"
#include "seq2seq/metrics/options.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/metric_names.h"
#include "seq2seq/train/validation.h"

namespace seq2seq::run {

/// exp of the mean negative log-probability of a token, end symbols among them, of the first reference that each
/// sentence has.
struct Perplexity {
  double score = 0;  // natural log-probability of all pairs
  int64_t tokens = 0;
  double value() const;
};
Perplexity measure_perplexity(const decode::Predictor& predictor, const EvaluationSet& set,
                              const data::TextPipeline& text, int64_t batch, const decode::Done& done = {});

/// How near the best outputs come to the references, of which the nearest counts. BLEU compares lines, error rates
/// tokens: see compared.h.
struct OutputFigures {
  metrics::ErrorRates rates;
  metrics::Bleu bleu;
  int64_t cut = 0;  // outputs that stopped at the longest length
};
OutputFigures measure_outputs(const decode::Predictor& predictor, const EvaluationSet& set,
                              const data::TextPipeline& text, const decode::DecodeOptions& options,
                              const metrics::MetricOptions& metrics = {}, const decode::Done& done = {});

train::Figures named(const Perplexity& perplexity);
void add(train::Figures& figures, const OutputFigures& outputs);

/// What the trainer calls: perplexity, and the other metrics that are asked for. `set` and `text` must outlive it.
train::Validate make_validation(const EvaluationSet& set, const data::TextPipeline& text,
                                const decode::DecodeOptions& decode, const metrics::MetricOptions& options,
                                const std::vector<std::string>& metrics);

}  // namespace seq2seq::run
