#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/unknown.h"

namespace seq2seq::run {

/// Turns the ids of outputs into words, `<unk>` as `decode.unknown` says.
class OutputWords {
 public:
  /// `text` must outlive it. Throws Error for a dictionary that cannot be read, with file and line.
  OutputWords(const decode::UnknownOptions& options, const data::TextPipeline& text);
  /// Returns true if the words of this output depend on attention: one of them is replaced.
  bool needs_attention(const std::vector<int64_t>& ids) const;
  /// `weights` are those of the output, a column for each of the `source_tokens` and perhaps one for the end symbol;
  /// read only if needed. An empty source has no word to replace with: `<unk>` stays.
  std::vector<std::string> words(const std::vector<int64_t>& ids, const std::vector<std::string>& source_tokens,
                                 const decode::AttentionWeights& weights) const;

 private:
  decode::UnknownOptions::Kind kind_;
  const data::TextPipeline* text_;
  std::map<std::string, std::vector<std::string>> dictionary_;
};

/// The words of the best output of each source. Asks for attention only for outputs that need it.
std::vector<std::vector<std::string>> words_of_best(const decode::Predictor& predictor, const decode::Reading& sources,
                                                    const std::vector<std::vector<std::string>>& source_tokens,
                                                    const std::vector<std::vector<decode::Hypothesis>>& found,
                                                    const decode::DecodeOptions& options);

}  // namespace seq2seq::run
