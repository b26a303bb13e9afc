#include "seq2seq/decode/reading.h"

#include <algorithm>
#include <numeric>

#include "seq2seq/data/batch.h"

namespace seq2seq::decode {

Sentences all_sentences(const data::TokenStore& store) {
  Sentences sentences;
  for (int64_t sentence = 0; sentence < store.size(); ++sentence) sentences.push_back(store[sentence]);
  return sentences;
}

Sentences pick(const Sentences& sentences, const Indices& indices) {
  Sentences picked;
  for (const int64_t index : indices) picked.push_back(sentences[static_cast<size_t>(index)]);
  return picked;
}

Sentences pick(const data::TokenStore& store, const Indices& indices) {
  Sentences picked;
  for (const int64_t index : indices) picked.push_back(store[index]);
  return picked;
}

Indices longest_first(const Sentences& sentences) {
  Indices order(sentences.size());
  std::iota(order.begin(), order.end(), 0);
  const auto length = [&sentences](int64_t index) { return sentences[static_cast<size_t>(index)].size(); };
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return length(a) > length(b); });
  return order;
}

std::vector<nn::Packed> packed(std::span<const Reading> readings, const Indices& indices) {
  std::vector<nn::Packed> all;
  for (const auto& [text, sentences] : readings)
    all.push_back(data::make_sources(pick(sentences, indices), indices, *text));
  return all;
}

bool writes_backwards(const data::TextPipeline& text) {
  const auto reverse = text.options().reverse;
  return reverse == data::Reverse::target || reverse == data::Reverse::both;
}

void reverse_words(std::vector<double>& scores, size_t words) {
  std::reverse(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(words));
}

}  // namespace seq2seq::decode
