#include "seq2seq/run/alignments.h"

#include <algorithm>
#include <ostream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "seq2seq/core/error.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

std::string pharaoh_line(const decode::AttentionWeights& weights, int64_t source_tokens, int64_t target_tokens) {
  std::vector<std::string> links;
  for (int64_t target = 0; target < target_tokens; ++target) {
    const auto& row = weights.at(static_cast<size_t>(target));
    const auto source = std::ranges::max_element(row) - row.begin();
    if (source < source_tokens) links.push_back(fmt::format("{}-{}", source, target));
  }
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

void write_alignments(const LoadedRun& run, const std::vector<AlignedOutputs>& outputs,
                      const AlignmentStreams& streams) {
  decode::Sentences sources, targets;
  for (const auto& output : outputs) {
    sources.insert(sources.end(), output.targets.size(), output.source);
    targets.insert(targets.end(), output.targets.begin(), output.targets.end());
  }
  const auto all = decode::attention_all(run.predictor(), sources, targets, *run.text, run.options().decode.batch);
  const auto end = run.text->target_words({text::end_id}).front();
  const auto with_end = [&end](std::vector<std::string> words, size_t wanted) {
    if (words.size() < wanted) words.push_back(end);
    return words;
  };
  size_t next = 0;
  for (const auto& output : outputs) {
    const auto& source = output.source_tokens;
    const auto copied = run.text->copied_words(source);
    for (const auto& ids : output.targets) {
      const auto& weights = all[next++];
      if (streams.links != nullptr)
        *streams.links << pharaoh_line(weights, std::ssize(source), std::ssize(ids)) << '\n';
      if (streams.weights != nullptr) {
        const auto positions = weights.front().size();
        *streams.weights << attention_line(output.number, with_end(source, positions),
                                           with_end(run.text->target_words(ids, copied), weights.size()), weights)
                         << '\n';
      }
    }
  }
}

}  // namespace seq2seq::run
