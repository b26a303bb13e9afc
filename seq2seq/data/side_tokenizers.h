#pragma once

#include <memory>
#include <string>

#include "seq2seq/data/options.h"
#include "seq2seq/text/line_tokenizer.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::data {

/// What the tokenizers of both sides learned, as bytes; empty for a side that learns nothing.
struct TokenizerModels {
  std::string source, target;
};

/// The tokenizers of both sides, as the options say.
struct SideTokenizers {
  std::shared_ptr<text::LineTokenizer> source, target;

  /// Not ready where one learns.
  SideTokenizers(const DataOptions& options, const text::TokenizerRegistry& tokenizers);
  /// Throws FormatError for a model that is missing, or none of this tokenizer's.
  void set(const TokenizerModels& models);
  /// Reads the training text where one learns, before it is read to be cut. With a shared vocabulary both learn from
  /// both sides, and the same.
  void learn(const DataOptions& options);
  TokenizerModels models() const { return {source->model(), target->model()}; }
  /// Counts once more, for the vocabulary, every token that a side which samples may be cut into.
  void count_pieces(text::VocabularyBuilder& source_words, text::VocabularyBuilder& target_words) const;
};

}  // namespace seq2seq::data
