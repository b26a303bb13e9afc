#include "seq2seq/decode/corpus_search.h"

#include <algorithm>
#include <numeric>

#include "seq2seq/core/error.h"
#include "seq2seq/data/batch.h"

namespace seq2seq::decode {

namespace {

using Indices = std::vector<int64_t>;

/// Indices of the sentences, those of like length together, longest first: what does not fit into memory fails at once.
std::vector<Indices> by_length(const Sentences& sentences, int64_t batch) {
  Indices order(sentences.size());
  std::iota(order.begin(), order.end(), 0);
  const auto length = [&sentences](int64_t index) { return sentences[static_cast<size_t>(index)].size(); };
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return length(a) > length(b); });
  std::vector<Indices> batches;
  for (auto first = order.begin(); first != order.end();) {
    const auto last = first + std::min<int64_t>(batch, order.end() - first);
    batches.emplace_back(first, last);
    first = last;
  }
  return batches;
}

Sentences pick(const Sentences& sentences, const Indices& indices) {
  Sentences picked;
  for (const int64_t index : indices) picked.push_back(sentences[static_cast<size_t>(index)]);
  return picked;
}

bool writes_backwards(const data::TextPipeline& text) {
  const auto reverse = text.options().reverse;
  return reverse == data::Reverse::target || reverse == data::Reverse::both;
}

/// Turns the scores of `words` words round; what follows them, the end symbol's, stays.
void turn(std::vector<double>& scores, size_t words) {
  std::reverse(scores.begin(), scores.begin() + static_cast<std::ptrdiff_t>(words));
}

/// A row's weights in the order of the source's text.
std::vector<float> in_text_order(const std::vector<float>& weights, const std::vector<int64_t>& reading_order) {
  std::vector<float> ordered(weights.size());
  for (size_t position = 0; position < weights.size(); ++position) {
    const int64_t token = reading_order[position];
    ordered[token < 0 ? weights.size() - 1 : static_cast<size_t>(token)] = weights[position];
  }
  return ordered;
}

}  // namespace

Sentences all_sentences(const data::TokenStore& store) {
  Sentences sentences;
  for (int64_t sentence = 0; sentence < store.size(); ++sentence) sentences.push_back(store[sentence]);
  return sentences;
}

std::vector<std::vector<Hypothesis>> search_all(const Predictor& predictor, const Sentences& sources,
                                                const data::TextPipeline& text, const DecodeOptions& options,
                                                const Done& done, const Sentences* targets) {
  if (options.oracle_length && targets == nullptr) {
    throw UsageError("`decode.oracle_length` needs references, and there are none here",
                     "Use `--set decode.oracle_length=false`");
  }
  std::vector<std::vector<Hypothesis>> outputs(sources.size());
  int64_t finished = 0;
  const auto length_of = [&](size_t index) -> OutputLength {
    if (!options.oracle_length)
      return {.shortest = 0,
              .longest =
                  std::min(longest_output(options.max_length, std::ssize(sources[index])), predictor.longest_output())};
    return {.shortest = std::ssize((*targets)[index]), .longest = std::ssize((*targets)[index])};
  };
  for (const auto& indices : by_length(sources, options.batch)) {
    const auto picked = pick(sources, indices);
    std::vector<OutputLength> lengths;
    for (const int64_t index : indices) lengths.push_back(length_of(static_cast<size_t>(index)));
    auto found = search(predictor, data::make_sources(picked, indices, text), lengths, options);
    for (size_t i = 0; i < indices.size(); ++i) {
      for (auto& hypothesis : found[i]) {
        if (!writes_backwards(text)) break;
        hypothesis.ids = text.decoder_ids(std::move(hypothesis.ids));
        turn(hypothesis.token_scores, hypothesis.ids.size());
      }
      outputs[static_cast<size_t>(indices[i])] = std::move(found[i]);
    }
    finished += std::ssize(indices);
    if (done) done(finished);
  }
  return outputs;
}

std::vector<PairScore> score_all(const Predictor& predictor, const Sentences& sources, const Sentences& targets,
                                 const data::TextPipeline& text, int64_t batch, const Done& done) {
  std::vector<PairScore> scores(sources.size());
  int64_t finished = 0;
  for (const auto& indices : by_length(sources, batch)) {
    const auto pairs = data::make_batch(pick(sources, indices), pick(targets, indices), indices, text);
    auto found = score(predictor, pairs);
    for (size_t i = 0; i < indices.size(); ++i) {
      if (writes_backwards(text)) turn(found[i].token_scores, found[i].token_scores.size() - 1);
      scores[static_cast<size_t>(indices[i])] = std::move(found[i]);
    }
    finished += std::ssize(indices);
    if (done) done(finished);
  }
  return scores;
}

std::vector<AttentionWeights> attention_all(const Predictor& predictor, const Sentences& sources,
                                            const Sentences& targets, const data::TextPipeline& text, int64_t batch) {
  std::vector<AttentionWeights> all(sources.size());
  for (const auto& indices : by_length(sources, batch)) {
    const auto found =
        attention(predictor, data::make_batch(pick(sources, indices), pick(targets, indices), indices, text));
    if (found.empty()) return {};
    for (size_t i = 0; i < indices.size(); ++i) {
      const auto index = static_cast<size_t>(indices[i]);
      const auto order = text.reading_order(std::ssize(sources[index]));
      for (const auto& row : found[i]) all[index].push_back(in_text_order(row, order));
      if (writes_backwards(text)) std::reverse(all[index].begin(), all[index].end() - 1);
    }
  }
  return all;
}

}  // namespace seq2seq::decode
