#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/core/log.h"
#include "seq2seq/text/tokenizer.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {

/// A pair of files, line n of the one belonging to line n of the other. `target` may name several: the first is what is
/// trained on and scored, the others are further references, where an empty line means that this sentence has no such
/// reference.
struct FilePair {
  std::filesystem::path source;
  std::vector<std::filesystem::path> target;
};
void declare(config::Keys& keys, FilePair& files);

enum class Reverse { none, source, target, both };
enum class SourceEnd { none, after, reversed };  // reversed: the end symbol is turned with the words and comes first
enum class InvalidUtf8 { error, drop };

/// One side's text: how lines become tokens, and tokens ids.
struct SideOptions {
  Selection tokenizer{.kind = "whitespace", .options = nullptr};
  text::VocabularyOptions vocabulary;
};

struct DataOptions {
  FilePair train, validation, test;
  SideOptions source, target;
  SourceEnd source_end = SourceEnd::after;
  Reverse reverse = Reverse::source;
  int64_t max_length = 100;  // tokens a side; longer training pairs are left out and counted
  InvalidUtf8 invalid_utf8 = InvalidUtf8::error;
};
/// `data.train`, ..., `data.source.tokenizer`, `data.source.end`, `data.reverse`, ... as in docs/configuration.md.
/// `tokenizers` must outlive `keys`.
void declare(config::Keys& keys, DataOptions& options, const text::TokenizerRegistry& tokenizers);

/// Sentences as ids, one after another: compact, and cheap to address. Without end symbols and not reversed.
class TokenStore {
 public:
  void add(const std::vector<int64_t>& ids);
  int64_t size() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  int64_t length(int64_t sentence) const;
  std::vector<int64_t> operator[](int64_t sentence) const;

 private:
  std::vector<int32_t> ids_;
  std::vector<int64_t> offsets_{0};
};

/// Pairs of sentences as ids. A pair's number is its line, counted from 0, so that leaving one out renumbers no other.
struct Corpus {
  TokenStore source, target;
  std::vector<int64_t> numbers;                         // [pairs]
  int64_t too_long = 0, invalid = 0, empty_target = 0;  // pairs left out
  int64_t pairs() const { return source.size(); }
};

/// What turns lines of both sides into ids and back; made from the training text or loaded from a run.
class TextPipeline {
 public:
  TextPipeline(const DataOptions& options, const text::TokenizerRegistry& tokenizers, text::Vocabulary source,
               text::Vocabulary target);
  /// Counts the training files first. Throws Error for empty files, unequal line counts and invalid UTF-8, with file
  /// and line.
  static TextPipeline from_training_text(const DataOptions& options, const text::TokenizerRegistry& tokenizers);

  const text::Vocabulary& source_vocabulary() const { return source_vocabulary_; }
  const text::Vocabulary& target_vocabulary() const { return target_vocabulary_; }
  const text::Tokenizer& source_tokenizer() const { return *source_tokenizer_; }
  const text::Tokenizer& target_tokenizer() const { return *target_tokenizer_; }
  const DataOptions& options() const { return options_; }

  /// What an encoder reads: ids of the tokens, reversed and with the end symbol as the options say. Never empty: of an
  /// empty line without an end symbol the unknown word is read.
  std::vector<int64_t> encoder_ids(std::vector<int64_t> ids) const;
  /// What a decoder writes, without the end symbol: reversed where the options say so. Its own inverse.
  std::vector<int64_t> decoder_ids(std::vector<int64_t> ids) const;

  std::vector<int64_t> source_ids(const std::vector<std::string>& tokens) const;
  std::vector<int64_t> target_ids(const std::vector<std::string>& tokens) const;
  std::vector<std::string> target_words(const std::vector<int64_t>& ids) const;

 private:
  DataOptions options_;
  std::shared_ptr<text::Tokenizer> source_tokenizer_, target_tokenizer_;
  text::Vocabulary source_vocabulary_, target_vocabulary_;
};

/// Reads pairs; only with `leave_out_long` are those longer than max_length left out (training). The others are
/// reported by counts.
Corpus read_corpus(const FilePair& files, const TextPipeline& text, bool leave_out_long);

/// SHA-256 over the contents of the files of a pair, names not included.
std::string content_digest(const FilePair& files);

/// All lines of a file, checked: valid UTF-8, no NUL, a final line end or not, Windows line ends taken off. Throws
/// Error with file, line and column of the first bad byte; with `invalid` the bad lines are listed instead (and come
/// back empty).
std::vector<std::string> read_lines(const std::filesystem::path& file, std::vector<int64_t>* invalid = nullptr);

}  // namespace seq2seq::data
