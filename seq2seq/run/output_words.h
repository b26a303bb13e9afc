#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/unknown.h"

namespace seq2seq::run {

/// Converts the ids of outputs to words; unknown words according to `decode.unknown`.
class OutputWords {
 public:
  using Kind = decode::UnknownOptions::Kind;
  /// `text` must outlive it. Throws Error with file and line for a dictionary that cannot be read, and Error if
  /// positions are wanted but the target's vocabulary has no word `<unk:d>`.
  OutputWords(const decode::UnknownOptions& options, const data::TextPipeline& text);
  /// Returns true if words of the source may replace unknown words.
  bool need_source() const { return kind_ == Kind::replace || kind_ == Kind::positional; }
  /// Returns true if the words of this output depend on attention, because one of them is replaced.
  bool needs_attention(const std::vector<int64_t>& ids) const;
  struct Written {
    std::vector<std::string> words;
    std::vector<size_t> positions;  // of the token in the output that each word stands for
  };
  /// `weights`: of the output, with a column for each of the `source_tokens` and optionally one for the end symbol;
  /// read only if needed. If the source has no word for the replacement, the word is `<unk>`.
  Written write(const std::vector<int64_t>& ids, const std::vector<std::string>& source_tokens,
                const decode::AttentionWeights& weights) const;

 private:
  bool is_unknown(int64_t id, const std::string& word) const;
  void append_translation(const std::string& source_token, std::vector<std::string>& words) const;

  Kind kind_;
  const data::TextPipeline* text_;
  std::map<std::string, std::vector<std::string>> dictionary_;
};

/// Returns the words of the best output of each source. Computes attention only for outputs that need it.
std::vector<std::vector<std::string>> words_of_best(const decode::Predictor& predictor, const decode::Reading& sources,
                                                    const std::vector<std::vector<std::string>>& source_tokens,
                                                    const std::vector<std::vector<decode::Hypothesis>>& found,
                                                    const decode::DecodeOptions& options);

}  // namespace seq2seq::run
