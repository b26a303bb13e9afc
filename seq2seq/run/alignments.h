#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/run/load.h"

namespace seq2seq::run {

/// Streams for attention weights and alignments, with one line per output, in the same order.
struct AlignmentStreams {
  std::ostream* links = nullptr;    // Pharaoh: `0-0 2-1`, source token and target token counted from 0
  std::ostream* weights = nullptr;  // JSON lines: tokens of both sides and a row of weights for each target token
  bool wanted() const { return links != nullptr || weights != nullptr; }
};

/// A source token and the target token that attends to it most, both counted from 0.
struct Link {
  int64_t source, target;
};
/// Links each target token to the source token with the largest weight, the first of equal ones; adds no link if that
/// is the end symbol.
std::vector<Link> links_of(const decode::AttentionWeights& weights, int64_t source_tokens, int64_t target_tokens);
/// Returns the links in Pharaoh's format, `0-0 2-1`.
std::string pharaoh_line(const decode::AttentionWeights& weights, int64_t source_tokens, int64_t target_tokens);

/// Returns `{"sentence": 0, "source": ["a", "</s>"], "target": ["A", "</s>"], "weights": [[0.9, 0.1], [0.2, 0.8]]}`.
std::string attention_line(int64_t sentence, const std::vector<std::string>& source,
                           const std::vector<std::string>& target, const decode::AttentionWeights& weights);

/// Throws UsageError for a model without attention.
void check_attends(const LoadedRun& run);

/// Returns the attention weights of each output of each source. The model must have attention.
std::vector<std::vector<decode::AttentionWeights>> weights_of(
    const LoadedRun& run, const decode::Sentences& sources,
    const std::vector<std::vector<decode::Hypothesis>>& outputs);

/// One output of a source.
struct AlignedOutput {
  int64_t number = 0;                      // of the sentence, counted from 0
  std::vector<std::string> source_tokens;  // as in the text, including words that are not in the vocabulary
  std::vector<int64_t> target;             // ids
  std::vector<size_t> positions;           // in the target, of each word that is written
  decode::AttentionWeights weights;
};

/// Writes the links of the words that are written and the weights of an output.
void write_alignment(const LoadedRun& run, const AlignedOutput& output, const AlignmentStreams& streams);

}  // namespace seq2seq::run
