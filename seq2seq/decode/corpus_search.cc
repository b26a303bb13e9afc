#include "seq2seq/decode/corpus_search.h"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/batch.h"

namespace seq2seq::decode {

namespace {

/// Calls `work` on batches of at most `most` sentences of similar length, longest first, so that a batch that does not
/// fit into memory fails at once. Such a batch and all later ones are halved.
void by_length(const Sentences& sentences, int64_t most, const Done& done,
               const std::function<void(const Indices&)>& work) {
  const auto order = longest_first(sentences);
  Halving halving(most, done);
  for (auto first = order.begin(); first != order.end();) {
    const auto last = first + std::min<int64_t>(halving.most(), order.end() - first);
    const Indices indices(first, last);
    if (!halving.fits(std::ssize(indices), [&] { work(indices); })) continue;
    first = last;
    if (done.finished) done.finished(first - order.begin());
  }
}

/// Returns a row's weights in the order of the source's text.
std::vector<float> in_text_order(const std::vector<float>& weights, const std::vector<int64_t>& reading_order) {
  std::vector<float> ordered(weights.size());
  for (size_t position = 0; position < weights.size(); ++position) {
    const int64_t token = reading_order[position];
    ordered[token < 0 ? weights.size() - 1 : static_cast<size_t>(token)] = weights[position];
  }
  return ordered;
}

std::vector<OutputConstraints> pick(const std::vector<OutputConstraints>& constraints, const Indices& indices) {
  std::vector<OutputConstraints> picked;
  if (constraints.empty()) return picked;
  for (const int64_t index : indices) picked.push_back(constraints.at(static_cast<size_t>(index)));
  return picked;
}

/// Returns constraints in the order in which the decoder writes.
std::vector<OutputConstraints> as_written(std::vector<OutputConstraints> constraints, const data::TextPipeline& text) {
  if (!writes_backwards(text)) return constraints;
  for (auto& constraints : constraints) {
    TORCH_CHECK(constraints.prefix.empty(), "a target that is written backwards ends in its first words");
    for (auto& phrase : constraints.phrases) phrase = text.decoder_ids(std::move(phrase));
  }
  return constraints;
}

}  // namespace

std::vector<std::vector<Hypothesis>> search_all(const Predictor& predictor, const Readings& sources,
                                                const DecodeOptions& options, const Done& done,
                                                const Sentences* targets,
                                                const std::vector<OutputConstraints>& constraints) {
  if (options.oracle_length && targets == nullptr) {
    throw UsageError("`decode.oracle_length` needs references, and there are none here",
                     "Use `--set decode.oracle_length=false`");
  }
  const auto& [first_text, first] = sources.front();
  std::vector<std::vector<Hypothesis>> outputs(first.size());
  const auto length_of = [&](size_t index) -> OutputLength {
    if (!options.oracle_length) {
      const int64_t longest =
          std::min(longest_output(options.max_length, std::ssize(first[index])), predictor.longest_output());
      return {.shortest = std::min(options.min_length, longest), .longest = longest};
    }
    const auto length = std::ssize((*targets)[index]);
    if (length > predictor.longest_output())
      throw UsageError(
          fmt::format("`decode.oracle_length` asks for an output of {} tokens, but the models write at most {}", length,
                      predictor.longest_output()),
          "Use `--set decode.oracle_length=false`");
    return {.shortest = length, .longest = length};
  };
  by_length(first, options.batch, done, [&](const Indices& indices) {
    std::vector<OutputLength> lengths;
    for (const int64_t index : indices) lengths.push_back(length_of(static_cast<size_t>(index)));
    auto found = search(predictor, Sources(packed(sources, indices)), lengths, options,
                        as_written(pick(constraints, indices), *first_text));
    for (size_t i = 0; i < indices.size(); ++i) {
      for (auto& hypothesis : found[i]) {
        if (!writes_backwards(*first_text)) break;
        hypothesis.ids = first_text->decoder_ids(std::move(hypothesis.ids));
        reverse_words(hypothesis.token_scores, hypothesis.ids.size());
      }
      outputs[static_cast<size_t>(indices[i])] = std::move(found[i]);
    }
  });
  return outputs;
}

std::vector<std::vector<Hypothesis>> search_all(const Predictor& predictor, const Sentences& sources,
                                                const data::TextPipeline& text, const DecodeOptions& options,
                                                const Done& done, const Sentences* targets) {
  return search_all(predictor, {{.text = &text, .sentences = sources}}, options, done, targets);
}

std::vector<PairScore> score_all(const Predictor& predictor, const Readings& sources, const Sentences& targets,
                                 int64_t batch, const Done& done) {
  const auto& [text, first] = sources.front();
  const auto others = std::span(sources).subspan(1);
  std::vector<PairScore> scores(first.size());
  const bool lm = text->options().task == data::Task::lm;  // every source is empty
  by_length(lm ? targets : first, batch, done, [&](const Indices& indices) {
    const auto pairs = data::make_batch(pick(first, indices), pick(targets, indices), indices, *text);
    auto found = score(predictor, pairs, packed(others, indices));
    for (size_t i = 0; i < indices.size(); ++i) {
      if (writes_backwards(*text)) reverse_words(found[i].token_scores, found[i].token_scores.size() - 1);
      scores[static_cast<size_t>(indices[i])] = std::move(found[i]);
    }
  });
  return scores;
}

std::vector<PairScore> score_all(const Predictor& predictor, const Sentences& sources, const Sentences& targets,
                                 const data::TextPipeline& text, int64_t batch, const Done& done) {
  return score_all(predictor, {{.text = &text, .sentences = sources}}, targets, batch, done);
}

std::vector<AttentionWeights> attention_all(const Predictor& predictor, const Sentences& sources,
                                            const Sentences& targets, const data::TextPipeline& text, int64_t batch) {
  std::vector<AttentionWeights> all(sources.size());
  bool attends = true;
  by_length(sources, batch, /*done=*/{}, [&](const Indices& indices) {
    const auto found =
        attention(predictor, data::make_batch(pick(sources, indices), pick(targets, indices), indices, text));
    attends = attends && !found.empty();
    for (size_t i = 0; i < found.size(); ++i) {
      const auto index = static_cast<size_t>(indices[i]);
      const auto order = text.reading_order(sources[index]);
      for (const auto& row : found[i]) all[index].push_back(in_text_order(row, order));
      if (writes_backwards(text)) std::reverse(all[index].begin(), all[index].end() - 1);
    }
  });
  return attends ? all : std::vector<AttentionWeights>();
}

}  // namespace seq2seq::decode
