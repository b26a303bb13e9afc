#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/data/clean/left_out.h"
#include "seq2seq/data/options.h"
#include "seq2seq/text/line_tokenizer.h"

namespace seq2seq::data {

inline constexpr int prepared_format_version = 2;

/// State of an input file when the text was read.
struct InputText {
  std::string path;
  int64_t bytes = 0;
  int64_t modified = 0;  // nanoseconds since 1970
  bool operator==(const InputText&) const = default;
};

struct SideSummary {
  int64_t tokens = 0, words = 0;  // words: distinct ones
  /// lengths[n]: number of sentences with n tokens; the last element also counts longer sentences.
  std::vector<int64_t> lengths;
  int64_t normalized = 0,
          escaped = 0;           // sentences that normalization changed, and in which special symbols were escaped
  std::string tokenizer_sha256;  // of the tokenizer's model; empty if the tokenizer does not learn
  std::string words_sha256;      // of the file with all words
  int64_t unknown = 0;           // tokens that are not in the vocabulary
  int64_t vocabulary_words = 0;
  std::string vocabulary_sha256;

  void add(const text::LineTokenizer::Changes& changes) {
    normalized += changes.normalized ? 1 : 0;
    escaped += changes.escaped ? 1 : 0;
  }
};

/// A pair in the text and after preparation.
struct SamplePair {
  int64_t line = 0;  // counted from 1
  std::string source, target;
  std::vector<std::string> source_tokens, target_tokens;
};

/// `summary.json` of a prepared folder: its inputs, options and counts.
struct Summary {
  std::string program;
  std::vector<std::string> text_options;        // `data.max_length=100`: the keys for turning text into tokens
  std::vector<std::string> vocabulary_options;  // the keys for choosing the words that get an id
  std::string content_digest;                   // of the text
  std::vector<InputText> inputs;
  int64_t lines = 0, pairs = 0;
  std::vector<int64_t> pairs_of;  // each pair of files, then each file of pairs
  bool weighted = false;          // pairs have weights
  bool aligned = false;           // pairs have links
  SideSummary source, target;
  LeftOut left_out;
  std::vector<SamplePair> samples;  // of lines 1, 10, 100, ..., unless they were left out
};

std::string serialize(const Summary& summary);
/// Throws FormatError if the text is not JSON, has another format or version, or a field is missing or has the wrong
/// type.
Summary parse_summary(const std::string& text, const std::filesystem::path& file);

/// Returns the present state of the files. Throws Error for a missing file.
std::vector<InputText> look_at(const TrainFiles& files);

}  // namespace seq2seq::data
