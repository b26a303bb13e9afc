#pragma once

#include <memory>
#include <string>

#include "seq2seq/data/options.h"
#include "seq2seq/text/line_tokenizer.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {

/// Models of the tokenizers of both sides, as bytes; empty for a tokenizer that does not learn.
struct TokenizerModels {
  std::string source, target;
};

/// The tokenizers of both sides, according to the options.
struct SideTokenizers {
  std::shared_ptr<text::LineTokenizer> source, target;

  /// Makes the tokenizers; those that learn are not ready yet.
  SideTokenizers(const DataOptions& options, const text::TokenizerRegistry& tokenizers);
  /// Sets the models of tokenizers that learn. Throws FormatError for a model that is missing or belongs to another
  /// tokenizer.
  void set(const TokenizerModels& models);
  /// Trains tokenizers that learn on the training text. With a shared vocabulary, both sides share one model of both
  /// texts.
  void learn(const DataOptions& options);
  TokenizerModels models() const { return {source->model(), target->model()}; }
  /// Adds one count for every token that sampling may produce, so that the vocabulary has it.
  void count_pieces(text::VocabularyBuilder& source_words, text::VocabularyBuilder& target_words) const;
};

}  // namespace seq2seq::data
