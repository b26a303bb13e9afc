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

/// A file that the text was read from, as it was then.
struct InputText {
  std::string path;
  int64_t bytes = 0;
  int64_t modified = 0;  // nanoseconds since 1970
  bool operator==(const InputText&) const = default;
};

struct SideSummary {
  int64_t tokens = 0, words = 0;  // words: different ones
  /// lengths[n]: sentences of n tokens; the last also counts those that are longer.
  std::vector<int64_t> lengths;
  int64_t normalized = 0,
          escaped = 0;           // sentences that normalization changed, and in which special symbols were escaped
  std::string tokenizer_sha256;  // of what the tokenizer learned; empty where it learns nothing
  std::string words_sha256;      // of the file of all words
  int64_t unknown = 0;           // tokens that are no word of the vocabulary
  int64_t vocabulary_words = 0;
  std::string vocabulary_sha256;

  void add(const text::LineTokenizer::Changes& changes) {
    normalized += changes.normalized ? 1 : 0;
    escaped += changes.escaped ? 1 : 0;
  }
};

/// A pair in the text and after preparation.
struct SamplePair {
  int64_t line = 0;  // from 1
  std::string source, target;
  std::vector<std::string> source_tokens, target_tokens;
};

/// `summary.json` of a prepared folder: its inputs, options and counts.
struct Summary {
  std::string program;
  std::vector<std::string> text_options;        // `data.max_length=100`: the keys that decide how text becomes tokens
  std::vector<std::string> vocabulary_options;  // and those that decide which words get an id
  std::string content_digest;                   // of the text
  std::vector<InputText> inputs;
  int64_t lines = 0, pairs = 0;
  std::vector<int64_t> pairs_of;  // each pair of files, then each file of pairs
  bool weighted = false;          // pairs have weights
  bool aligned = false;           // pairs have links
  SideSummary source, target;
  LeftOut left_out;
  std::vector<SamplePair> samples;  // of lines 1, 10, 100, ..., where they were not left out
};

std::string serialize(const Summary& summary);
/// Throws FormatError: not JSON, another format or version, a field that is missing or of another type.
Summary parse_summary(const std::string& text, const std::filesystem::path& file);

/// Returns the files as they are now. Throws Error for a missing file.
std::vector<InputText> look_at(const TrainFiles& files);

}  // namespace seq2seq::data
