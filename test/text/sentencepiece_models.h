#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "seq2seq/text/characters.h"
#include "seq2seq/text/sentencepiece.h"
#include "test/text/real_lines.h"

namespace seq2seq::test {

using text::SentencePieceOptions;
using text::SentencePieceTokenizer;
using text::SubwordKind;

inline text::NextLine reading(const std::vector<std::string>& lines) {
  return [&lines, at = std::size_t{0}](std::string& line) mutable {
    if (at == lines.size()) return false;
    line = lines[at++];
    return true;
  };
}

/// Returns text without tabs and form feeds, which are spaces for us but not for the library.
inline const std::vector<std::string>& real_text() {
  static const auto lines = [] {
    auto all = licence_lines();
    for (auto& line : all) std::replace_if(line.begin(), line.end(), text::is_blank, ' ');
    return all;
  }();
  return lines;
}

inline SentencePieceTokenizer trained(SentencePieceOptions options,
                                      const std::vector<std::string>& lines = real_text()) {
  SentencePieceTokenizer tokenizer(options);
  tokenizer.learn(reading(lines));
  return tokenizer;
}

/// Returns the model of one kind, trained once for all cases.
inline const std::string& model_of(SubwordKind kind) {
  static const std::string unigram = trained({.train = SubwordKind::unigram, .size = 1000}).model();
  static const std::string bpe = trained({.train = SubwordKind::bpe, .size = 1000}).model();
  return kind == SubwordKind::unigram ? unigram : bpe;
}

inline SentencePieceTokenizer with_model(const std::string& bytes, const text::SubwordSampleOptions& sample = {}) {
  SentencePieceTokenizer tokenizer(SentencePieceOptions{.sample = sample});
  tokenizer.set_model(bytes);
  return tokenizer;
}

inline SentencePieceTokenizer of_kind(SubwordKind kind, const text::SubwordSampleOptions& sample = {}) {
  return with_model(model_of(kind), sample);
}

}  // namespace seq2seq::test
