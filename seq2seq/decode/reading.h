#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/nn/packed.h"

namespace seq2seq::decode {

using Sentences = std::vector<std::vector<int64_t>>;  // ids in the order of the text: no end symbols, not reversed
using Indices = std::vector<int64_t>;

/// The sentences of a text as one model reads them.
struct Reading {
  const data::TextPipeline* text = nullptr;
  Sentences sentences;
};
/// One reading for each model of a predictor, of the same sentences in one order.
using Readings = std::vector<Reading>;

Sentences all_sentences(const data::TokenStore& store);
Sentences pick(const Sentences& sentences, const Indices& indices);
Sentences pick(const data::TokenStore& store, const Indices& indices);

/// Returns indices of the sentences, longest first; equal lengths keep their order.
Indices longest_first(const Sentences& sentences);
/// Returns these sentences as each model reads them, ready for a predictor.
std::vector<nn::Packed> packed(std::span<const Reading> readings, const Indices& indices);

/// Returns true if decoders write the last word of a target first.
bool writes_backwards(const data::TextPipeline& text);
/// Reverses the scores of the first `words` words; the score of the end symbol stays last.
void reverse_words(std::vector<double>& scores, size_t words);

}  // namespace seq2seq::decode
