#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/search.h"
#include "seq2seq/metrics/options.h"
#include "seq2seq/metrics/words.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/exact_counts.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {

/// The output for a sentence, in the forms that metrics compare with references: see compared.h.
struct MeasuredOutput {
  std::string line;
  metrics::Tokens tokens;
  bool cut = false;            // stopped at the longest length
  bool below_minimum = false;  // shorter than `decode.min_length`, because the longest length is
  ExactCounts exact{};         // counts of this output; zero sentences if it was not searched for exactly
};

/// Returns the sentences with these numbers as each model reads them: first the reading by `text`, then the set's
/// others.
decode::Readings readings_of(const EvaluationSet& set, const data::TextPipeline& text,
                             const std::vector<int64_t>& chosen);

/// Searches for the best output of each sentence with these numbers, in their order.
std::vector<MeasuredOutput> search_outputs(const decode::Predictor& predictor, const EvaluationSet& set,
                                           const data::TextPipeline& text, const decode::DecodeOptions& options,
                                           const metrics::MetricOptions& metrics, const std::vector<int64_t>& chosen,
                                           const decode::Done& done = {});

/// Returns the outputs of a run or ensemble for all sentences of a set: from the list `decode.rescore` if it is set,
/// otherwise by search. Throws Error for a list that does not belong to this set.
std::vector<MeasuredOutput> outputs_of(const LoadedRun& run, const EvaluationSet& set, const Environment& environment,
                                       const decode::Done& done = {});

}  // namespace seq2seq::run
