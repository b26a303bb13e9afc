#include "seq2seq/run/rescore/rescore.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/text.h"
#include "seq2seq/run/rescore/list_texts.h"
#include "seq2seq/run/rescore/tune.h"

namespace seq2seq::run {

namespace {

/// Chooses among the first hypotheses of each sentence. A sentence with an empty list counts as an empty line.
class Choices {
 public:
  Choices(const RankedLists& lists, const ListTexts& texts, const metrics::BleuOptions& options)
      : lists_(lists), texts_(texts), options_(options) {}

  RescoredAt at(int64_t length, const std::vector<double>& weights) const {
    std::vector<double> total(weights.size());
    total.front() = 1;
    return {.length = length,
            .list = bleu(length, [&](const Ranked& each) { return weighted_sum(each, total); }),
            .rescored = bleu(length, [&](const Ranked& each) { return weighted_sum(each, weights); }),
            .oracle = bleu(length, [](const Ranked& each) { return sentence_bleu(each); })};
  }

 private:
  template <class Value>
  metrics::Bleu bleu(int64_t length, const Value& value) const {
    metrics::BleuCounts counts;
    for (size_t sentence = 0; sentence < lists_.size(); ++sentence) {
      const auto& list = lists_[sentence];
      if (list.empty()) {
        counts += metrics::count_bleu("", texts_.references[sentence], options_);
        continue;
      }
      const auto looked_at = std::min(length, std::ssize(list));
      counts += std::max_element(list.begin(), list.begin() + looked_at, [&value](const Ranked& a, const Ranked& b) {
                  return value(a) < value(b);
                })->bleu;
    }
    return metrics::bleu_of(counts, options_.smoothing);
  }

  const RankedLists& lists_;
  const ListTexts& texts_;
  metrics::BleuOptions options_;
};

/// Returns 1, 10, 100, ... and the length of the longest list.
std::vector<int64_t> lengths_of(const RankedLists& lists) {
  int64_t longest = 0;
  for (const auto& list : lists) longest = std::max(longest, std::ssize(list));
  std::vector<int64_t> lengths;
  for (int64_t length = 1; length < longest; length *= 10) lengths.push_back(length);
  lengths.push_back(longest);
  return lengths;
}

std::vector<double> tuned(const LoadedRun& run, const RescoreOptions& options, const ListTexts& texts,
                          std::vector<double> weights, const Environment& environment) {
  auto scored = score_lists(run, texts, options.tokens, environment);
  environment.log->say(fmt::format("tuning {} on {}", format_count(std::ssize(weights), "weight"),
                                   format_count(std::ssize(scored.lists), "sentence")));
  return tune(scored.lists, std::move(weights));
}

}  // namespace

FeatureWeights even_average() { return {{total_feature, 0.5}, {model_feature, 0.5}}; }

FeatureWeights parse_feature_weights(const std::string& text, const std::string& option) {
  FeatureWeights weights;
  for (const auto part : split(text, ',')) {
    const size_t equals = part.find('=');
    const auto name = part.substr(0, std::min(equals, part.size()));
    double weight = 0;
    const char* end = part.data() + part.size();
    const char* start = equals == std::string_view::npos ? end : part.data() + equals + 1;
    const auto [stop, fault] = std::from_chars(start, end, weight);
    if (name.empty() || fault != std::errc() || stop != end || !std::isfinite(weight))
      throw UsageError(Place{.part = option + " " + text}, "must be `NAME=WEIGHT`, separated by commas",
                       "As in `total=1,seq2seq=0.5`");
    if (!weights.emplace(name, weight).second)
      throw UsageError(Place{.part = option + " " + text}, fmt::format("names `{}` twice", name));
  }
  return weights;
}

Rescored rescore(const LoadedRun& run, const ListFiles& files, std::ostream& output, const RescoreOptions& options,
                 const Environment& environment) {
  const auto texts = read_list_texts(run, files, options.tokens);
  const auto names = feature_names(texts);
  auto weights = ordered_weights(options.weights, names, "--feature-weights");
  if (options.development) {
    const auto development = read_list_texts(run, *options.development, options.tokens);
    if (feature_names(development) != names)
      throw Error(Place{.file = options.development->list.string()},
                  fmt::format("has the features `{}`, but {} has `{}`", fmt::join(development.features.names, " "),
                              files.list.string(), fmt::join(texts.features.names, " ")),
                  "Weights are tuned on a list of the same system");
    weights = tuned(run, options, development, std::move(weights), environment);
  }
  const auto scored = score_lists(run, texts, options.tokens, environment);
  Rescored rescored{.sentences = std::ssize(scored.lists),
                    .hypotheses = std::ssize(texts.list.lines),
                    .saved = scored.saved,
                    .weights = {},
                    .at = {}};
  for (size_t i = 0; i < names.size(); ++i) rescored.weights[names[i]] = weights[i];
  for (size_t sentence = 0; sentence < scored.lists.size(); ++sentence) {
    const auto& list = scored.lists[sentence];
    if (list.empty()) ++rescored.without;
    const auto chosen = list.empty() ? 0 : static_cast<size_t>(&best_of(list, weights) - list.data());
    const auto text = list.empty() ? "" : texts.list.lines[texts.list.by_sentence[sentence][chosen]].text;
    if (!(output << text << '\n')) break;
  }
  output.flush();
  if (texts.references.empty()) return rescored;
  const Choices choices(scored.lists, texts, metrics::bleu_options(run.options().metrics));
  for (const int64_t length : lengths_of(scored.lists)) rescored.at.push_back(choices.at(length, weights));
  return rescored;
}

}  // namespace seq2seq::run
