#pragma once

#include <iosfwd>
#include <vector>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/output_format.h"
#include "seq2seq/run/output_words.h"
#include "seq2seq/run/translate/options.h"
#include "seq2seq/run/translate/request_reader.h"
#include "seq2seq/run/translate/search_requests.h"

namespace seq2seq::run {

/// Writes the answers to requests in the output format, and their alignments.
class AnswerWriter {
 public:
  /// `run`, `output` and `options` must outlive it. Throws as OutputWords does.
  AnswerWriter(const LoadedRun& run, std::ostream& output, const TranslateOptions& options);
  /// Writes the text before the first answer.
  void begin();
  /// `outputs`: of the requests without a fault. Computes the attention that the answers need.
  void write(const RequestBatch& batch, const Outputs& outputs);

 private:
  using Weights = std::vector<decode::AttentionWeights>;  // of the outputs of a source
  std::vector<Weights> weights_for(const decode::Sentences& sources, const Outputs& outputs) const;
  void write_answer(const Request& request, const std::vector<decode::Hypothesis>& found, const Weights& weights,
                    double seconds);
  std::vector<Output> outputs_to_write(const Request& request, const std::vector<decode::Hypothesis>& found,
                                       const Weights& weights) const;
  void write_fault(const Request& request);

  const LoadedRun& run_;
  std::ostream& output_;
  const TranslateOptions& options_;
  const OutputWords words_;
  const bool shows_links_;  // in JSON
};

}  // namespace seq2seq::run
