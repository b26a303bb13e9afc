#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "seq2seq/data/copied_words.h"
#include "seq2seq/data/factors.h"
#include "seq2seq/data/options.h"
#include "seq2seq/data/side_tokenizers.h"
#include "seq2seq/text/draws.h"
#include "seq2seq/text/tokenizer.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {

/// Converts lines of both sides to ids and back. Made from the training text or loaded from a run.
class TextPipeline {
 public:
  /// `models`: models of the tokenizers that learn.
  TextPipeline(const DataOptions& options, const text::TokenizerRegistry& tokenizers, SourceVocabulary source,
               text::Vocabulary target, const TokenizerModels& models = {});
  /// Trains the tokenizers on the training files, then counts their words. Throws Error for empty files, unequal line
  /// counts and invalid UTF-8, with file and line.
  static TextPipeline from_training_text(const DataOptions& options, const text::TokenizerRegistry& tokenizers);

  using Count = std::function<void(text::VocabularyBuilder&)>;
  /// Returns the vocabularies of source and target, according to the options: counted by the given functions, or
  /// loaded.
  static std::pair<text::Vocabulary, text::Vocabulary> vocabularies(const DataOptions& options, const Count& source,
                                                                    const Count& target);

  /// Returns the vocabulary of the source's words, which have no factors.
  const text::Vocabulary& source_vocabulary() const { return source_.words(); }
  const text::Vocabulary& target_vocabulary() const { return target_vocabulary_; }
  const SourceVocabulary& source() const { return source_; }
  const text::LineTokenizer& source_tokenizer() const { return *tokenizers_.source; }
  const text::LineTokenizer& target_tokenizer() const { return *tokenizers_.target; }
  TokenizerModels models() const { return tokenizers_.models(); }
  const DataOptions& options() const { return options_; }

  /// Returns the input of an encoder: ids of the tokens, reversed and with the end symbol according to the options.
  /// Never empty: an empty line without an end symbol becomes the unknown word. For a language model always empty. Each
  /// part of a source is reversed separately and ends with the end symbol.
  std::vector<int64_t> encoder_ids(std::vector<int64_t> ids) const;
  /// Returns, for each position of encoder_ids(), the number of its token in the line; -1: a symbol.
  std::vector<int64_t> reading_order(const std::vector<int64_t>& ids) const;
  /// Returns the output of a decoder, without the end symbol, reversed if the options say so. It is its own inverse.
  std::vector<int64_t> decoder_ids(std::vector<int64_t> ids) const;

  /// Extends the ids beyond the vocabularies, as in ExtendedIds, for a model that copies such words. Call it before any
  /// text is converted to ids.
  void extend_vocabulary() { extends_ = true; }
  bool extends_vocabulary() const { return extends_; }
  /// Returns the words that a target may copy from a source of these tokens and that are not in the target vocabulary;
  /// none if the vocabulary is not extended.
  CopiedWords copied_words(const std::vector<std::string>& source_tokens) const;
  /// Returns [S]: for each source id, the target id of the same spelling, or that of the unknown word if there is none.
  std::vector<int64_t> target_of_source() const;

  /// Returns how often each word [V] occurs in the targets of the training text, for an output layer that draws words
  /// by these counts. Empty: not known.
  const std::vector<int64_t>& target_counts() const { return target_counts_; }
  void set_target_counts(std::vector<int64_t> counts) { target_counts_ = std::move(counts); }

  /// Returns true if the word of this id is not in the vocabulary of its side.
  bool is_unknown(text::Side side, int64_t id) const;

  /// Returns ids as numbered by SourceVocabulary.
  std::vector<int64_t> source_ids(const std::vector<std::string>& tokens) const;
  /// `copied`: copied words of the source of this target.
  std::vector<int64_t> target_ids(const std::vector<std::string>& tokens, const CopiedWords& copied = {}) const;
  /// A word beyond the vocabulary becomes `<unk>`, except for words in `copied`.
  std::vector<std::string> source_words(const std::vector<int64_t>& ids) const;
  std::vector<std::string> target_words(const std::vector<int64_t>& ids, const CopiedWords& copied = {}) const;

 private:
  ExtendedIds extended() const { return {.source = source_vocabulary().size(), .target = target_vocabulary_.size()}; }

  DataOptions options_;
  SideTokenizers tokenizers_;
  SourceVocabulary source_;
  text::Vocabulary target_vocabulary_;
  bool extends_ = false;
  std::vector<int64_t> target_counts_;
};

}  // namespace seq2seq::data
