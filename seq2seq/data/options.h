#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/data/source_form.h"
#include "seq2seq/text/escape.h"
#include "seq2seq/text/normalize.h"
#include "seq2seq/text/tokenizer.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {

/// Task of a model: p(target | source), or p(target) for text without sources (a language model).
enum class Task { translation, lm };

/// Validation or test files with corresponding lines. `target` may be several files of references; an empty line means
/// that the sentence has no reference in this file. The first reference of a sentence is scored. Without a source the
/// files are text for a language model.
struct FilePair {
  std::filesystem::path source;
  std::vector<std::filesystem::path> target;
  bool named() const { return !source.empty() || !target.empty(); }
  bool one_sided() const { return source.empty() && !target.empty(); }
};
void declare(config::Keys& keys, FilePair& files);

/// Training text: parallel files of source and target in the same order, then files with both sides separated by a tab,
/// read as one text. Options of corpora (a pair of files, or a file of pairs) are in this order, or empty.
struct TrainFiles {
  std::vector<std::filesystem::path> source, target, pairs;
  std::vector<double> repeat{};                    // copies of its pairs in an epoch; a fraction is a share of them
  std::vector<std::string> tags{};                 // token before each source; empty: none
  std::vector<std::filesystem::path> alignment{};  // file with one line of token links per pair (Pharaoh); empty: none
  std::vector<std::filesystem::path> weights{};    // file with one factor of the loss per line; empty: 1
  /// Returns true for text of a language model: every source is empty.
  bool one_sided() const { return source.empty() && pairs.empty() && !target.empty(); }
  std::size_t corpora() const { return (one_sided() ? target : source).size() + pairs.size(); }
  /// Returns the first file. Messages about all files name it.
  const std::filesystem::path& first() const {
    return one_sided() ? target.front() : source.empty() ? pairs.front() : source.front();
  }
};
void declare(config::Keys& keys, TrainFiles& files);

enum class Reverse { none, source, target, both };
enum class SourceEnd { none, after, reversed };  // reversed: the end symbol is reversed with the words and comes first
enum class InvalidUtf8 { error, drop };

/// Tokenization and vocabulary of one side.
struct SideOptions {
  text::NormalizeOptions normalize;
  Selection tokenizer{.kind = "whitespace", .options = nullptr};
  text::VocabularyOptions vocabulary;
};

/// Filters of training pairs. Each pair left out is counted with its reason.
struct CleanOptions {
  int64_t max_length = 100;              // tokens per side
  double max_ratio = 0;                  // ratio of tokens of the longer side to the shorter; 0: no limit
  bool drop_empty_source = false;        // an empty target is always left out
  bool drop_control_characters = false;  // U+0000 to U+001F except tab, U+007F to U+009F
  bool drop_duplicates = false;          // keep only the first of several pairs with the same tokens
};

struct DataOptions {
  Task task = Task::translation;  // `lm`: texts have no source
  TrainFiles train;
  FilePair validation, test;
  std::filesystem::path prepared;  // folder made by `seq2seq prepare`; empty: read the training text itself
  SideOptions source, target;
  SourceForm source_form;
  bool shared_vocabulary = false;  // one for the words of both sides, by the options of the source
  SourceEnd source_end = SourceEnd::after;
  Reverse reverse = Reverse::source;
  CleanOptions clean;
  InvalidUtf8 invalid_utf8 = InvalidUtf8::error;
  text::SpecialSymbols special_symbols = text::SpecialSymbols::unknown;
};
/// `data.train`, ..., `data.source.tokenizer`, `data.source.end`, `data.reverse`, ... as in docs/configuration.md.
/// `tokenizers` must outlive `keys`.
void declare(config::Keys& keys, DataOptions& options, const text::TokenizerRegistry& tokenizers);

}  // namespace seq2seq::data
