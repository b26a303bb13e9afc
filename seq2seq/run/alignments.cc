#include "seq2seq/run/alignments.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

std::vector<Link> links_of(const decode::AttentionWeights& weights, int64_t source_tokens, int64_t target_tokens) {
  std::vector<Link> links;
  for (int64_t target = 0; target < target_tokens; ++target) {
    const auto& row = weights.at(static_cast<size_t>(target));
    const auto source = std::ranges::max_element(row) - row.begin();
    if (source < source_tokens) links.push_back({source, target});
  }
  return links;
}

std::string pharaoh_line(const decode::AttentionWeights& weights, int64_t source_tokens, int64_t target_tokens) {
  std::vector<std::string> links;
  for (const auto& [source, target] : links_of(weights, source_tokens, target_tokens))
    links.push_back(fmt::format("{}-{}", source, target));
  return fmt::format("{}", fmt::join(links, " "));
}

std::string attention_line(int64_t sentence, const std::vector<std::string>& source,
                           const std::vector<std::string>& target, const decode::AttentionWeights& weights) {
  std::vector<std::string> rows;
  for (const auto& row : weights) rows.push_back(fmt::format("[{:.4g}]", fmt::join(row, ", ")));
  return fmt::format(R"({{"sentence": {}, "source": {}, "target": {}, "weights": [{}]}})", sentence,
                     nlohmann::json(source).dump(), nlohmann::json(target).dump(), fmt::join(rows, ", "));
}

void check_attends(const LoadedRun& run) {
  if (!run.others.empty())
    throw UsageError("an ensemble has no alignments: its models may cut the source into different tokens",
                     "Ask one of its runs for them");
  if (run.model->attends()) return;
  throw UsageError(Place{.file = run.folder.config().string()},
                   "this model has no attention, so there are no alignments",
                   "Train a model with attention, for example with `--set model.attention.kind=general`");
}

std::vector<std::vector<decode::AttentionWeights>> weights_of(
    const LoadedRun& run, const decode::Sentences& sources,
    const std::vector<std::vector<decode::Hypothesis>>& outputs) {
  decode::Sentences repeated, targets;
  for (size_t i = 0; i < outputs.size(); ++i) {
    for (const auto& hypothesis : outputs[i]) {
      repeated.push_back(sources[i]);
      targets.push_back(hypothesis.ids);
    }
  }
  auto all = decode::attention_all(run.predictor(), repeated, targets, *run.text, run.options().decode.batch);
  std::vector<std::vector<decode::AttentionWeights>> weights(outputs.size());
  size_t next = 0;
  for (size_t i = 0; i < outputs.size(); ++i)
    for (size_t j = 0; j < outputs[i].size(); ++j) weights[i].push_back(std::move(all.at(next++)));
  return weights;
}

void write_alignment(const LoadedRun& run, const AlignedOutput& output, const AlignmentStreams& streams) {
  const auto& source = output.source_tokens;
  const auto& weights = output.weights;
  const auto end = run.text->target_words({text::end_id}).front();
  const auto with_end = [&end](std::vector<std::string> words, size_t wanted) {
    if (words.size() < wanted) words.push_back(end);
    return words;
  };
  if (streams.links != nullptr) {
    decode::AttentionWeights shown;
    for (const auto position : output.positions) shown.push_back(weights[position]);
    *streams.links << pharaoh_line(shown, std::ssize(source), std::ssize(shown)) << '\n';
  }
  if (streams.weights != nullptr) {
    *streams.weights << attention_line(output.number, with_end(source, weights.front().size()),
                                       with_end(run.text->target_words(output.target, run.text->copied_words(source)),
                                                weights.size()),
                                       weights)
                     << '\n';
  }
}

}  // namespace seq2seq::run
