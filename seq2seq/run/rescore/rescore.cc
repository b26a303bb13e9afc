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
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/run/ensemble.h"
#include "seq2seq/run/rescore/n_best_file.h"
#include "seq2seq/run/rescore/tune.h"

namespace seq2seq::run {

namespace {

constexpr metrics::Smoothing sentence_smoothing = metrics::Smoothing::add_one;

/// An n-best list with the lines of its source and references, read and checked.
struct ListTexts {
  SourceText sources;
  NBestFile list;
  ListedFeatures features;
  metrics::References references;  // empty: none were named
};

metrics::References read_references(const ListFiles& files, size_t sentences) {
  metrics::References references(files.references.empty() ? 0 : sentences);
  for (const auto& file : files.references) {
    const auto lines = data::read_lines(file);
    if (lines.size() != sentences)
      throw Error(Place{.file = file.string()},
                  fmt::format("has {}, but {} has {}", format_count(std::ssize(lines), "line"), files.source.string(),
                              format_count(static_cast<int64_t>(sentences))),
                  "Line n of each file of references belongs to sentence n");
    for (size_t i = 0; i < sentences; ++i) references[i].push_back(lines[i]);
  }
  return references;
}

ListTexts read_texts(const LoadedRun& run, const ListFiles& files, bool tokens) {
  ListTexts texts;
  UnknownTokens unknown;  // not reported
  texts.sources = read_sources(files.source, run, tokens, unknown);
  const size_t sentences = texts.sources.sentences();
  texts.references = read_references(files, sentences);
  texts.list = read_n_best_file(files.list, sentences);
  texts.features = read_features(texts.list);
  for (const std::string own : {total_feature, model_feature}) {
    if (std::ranges::count(texts.features.names, own) == 0) continue;
    throw Error(Place{.file = files.list.string()}, fmt::format("has a feature `{}=`, a name that is taken here", own),
                fmt::format("`{}` is the last field of a line and `{}` the score of the run; rename the feature",
                            total_feature, model_feature));
  }
  return texts;
}

/// The names of all features: the list's total, the run's score, then those of the list.
std::vector<std::string> names_of(const ListTexts& texts) {
  std::vector<std::string> names{total_feature, model_feature};
  names.insert(names.end(), texts.features.names.begin(), texts.features.names.end());
  return names;
}

/// In the order of the names; 0 for one that is not mentioned.
std::vector<double> weights_of(const FeatureWeights& weights, const std::vector<std::string>& names) {
  for (const auto& [name, weight] : weights) {
    if (std::ranges::count(names, name) > 0) continue;
    throw UsageError(Place{.part = "--feature-weights " + name},
                     fmt::format("unknown feature; the list has `{}`", fmt::join(names, "`, `")));
  }
  std::vector<double> ordered;
  for (const auto& name : names) ordered.push_back(weights.contains(name) ? weights.at(name) : 0);
  return ordered;
}

struct ScoredTexts {
  RankedLists lists;  // of each sentence, in the order of the file
  double saved = 0;
};

ScoredTexts score(const LoadedRun& run, const ListTexts& texts, bool tokens, const Environment& environment) {
  const auto scored = score_list(run, texts.list, texts.sources, tokens, environment);
  const auto options = metrics::bleu_options(run.options().metrics);
  ScoredTexts ranked{.lists = RankedLists(texts.list.by_sentence.size()), .saved = scored.scores.saved()};
  for (size_t i = 0; i < texts.list.lines.size(); ++i) {
    const auto& hypothesis = texts.list.lines[i];
    Ranked each{.features = {hypothesis.total, scored.of(hypothesis).score}, .bleu = {}};
    const auto& listed = texts.features.of_line[i];
    each.features.insert(each.features.end(), listed.begin(), listed.end());
    if (!texts.references.empty())
      each.bleu = metrics::count_bleu(hypothesis.text, texts.references[hypothesis.sentence], options);
    ranked.lists[hypothesis.sentence].push_back(std::move(each));
  }
  return ranked;
}

/// The first hypotheses of each sentence; BLEU of a sentence with an empty list is that of an empty line.
class Choices {
 public:
  Choices(const RankedLists& lists, const ListTexts& texts, const metrics::BleuOptions& options)
      : lists_(lists), texts_(texts), options_(options) {}

  RescoredAt at(int64_t length, const std::vector<double>& weights) const {
    std::vector<double> total(weights.size());
    total.front() = 1;
    return {.length = length,
            .list = bleu(length, [&](const Ranked& each) { return dot(total, each.features); }),
            .rescored = bleu(length, [&](const Ranked& each) { return dot(weights, each.features); }),
            .oracle =
                bleu(length, [](const Ranked& each) { return metrics::bleu_of(each.bleu, sentence_smoothing).score; })};
  }

 private:
  static double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }

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

/// 1, 10, 100, ... and the longest.
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
  auto scored = score(run, texts, options.tokens, environment);
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
      throw UsageError(Place{.part = option + " " + text}, "must be `NAME=WEIGHT` with commas between them",
                       "As in `total=1,seq2seq=0.5`");
    if (!weights.emplace(name, weight).second)
      throw UsageError(Place{.part = option + " " + text}, fmt::format("names `{}` twice", name));
  }
  return weights;
}

Rescored rescore(const LoadedRun& run, const ListFiles& files, std::ostream& output, const RescoreOptions& options,
                 const Environment& environment) {
  const auto texts = read_texts(run, files, options.tokens);
  const auto names = names_of(texts);
  auto weights = weights_of(options.weights, names);
  if (options.development) {
    const auto development = read_texts(run, *options.development, options.tokens);
    if (names_of(development) != names)
      throw Error(Place{.file = options.development->list.string()},
                  fmt::format("has the features `{}`, but {} has `{}`", fmt::join(development.features.names, " "),
                              files.list.string(), fmt::join(texts.features.names, " ")),
                  "Weights are tuned on a list of the same system");
    weights = tuned(run, options, development, std::move(weights), environment);
  }
  const auto scored = score(run, texts, options.tokens, environment);
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
