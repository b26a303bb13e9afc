#include "seq2seq/run/rescore/list_texts.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/data/input/unequal_lines.h"
#include "seq2seq/run/unknown_tokens.h"

namespace seq2seq::run {

namespace {

metrics::References read_references(const ListFiles& files, size_t sentences) {
  metrics::References references(files.references.empty() ? 0 : sentences);
  for (const auto& file : files.references) {
    const auto lines = data::read_lines(file, /*invalid=*/nullptr, data::line_remedy);
    if (lines.size() != sentences)
      throw data::unequal_lines({file, std::ssize(lines)}, {files.source, static_cast<int64_t>(sentences)},
                                "line n of each file belongs to sentence n");
    for (size_t i = 0; i < sentences; ++i) references[i].push_back(lines[i]);
  }
  return references;
}

}  // namespace

ListTexts read_list_texts(const LoadedRun& run, const ListFiles& files, bool tokens) {
  ListTexts texts;
  UnknownTokens unknown;  // not reported
  texts.sources = read_sources(files.source, run, tokens, unknown);
  const size_t sentences = texts.sources.sentences();
  texts.references = read_references(files, sentences);
  texts.list = read_n_best_file(files.list, sentences);
  texts.features = read_own_features(texts.list);
  return texts;
}

ListedFeatures read_own_features(const NBestFile& list) {
  auto features = read_features(list);
  for (const std::string own : {total_feature, model_feature}) {
    if (std::ranges::count(features.names, own) == 0) continue;
    throw Error(Place{.file = list.path.string()}, fmt::format("has a feature `{}=`, which is a reserved name", own),
                fmt::format("`{}` is the last field of a line and `{}` the score of the run; rename the feature",
                            total_feature, model_feature));
  }
  return features;
}

std::vector<std::string> feature_names(const ListTexts& texts) {
  std::vector<std::string> names{total_feature, model_feature};
  names.insert(names.end(), texts.features.names.begin(), texts.features.names.end());
  return names;
}

std::vector<double> ordered_weights(const FeatureWeights& weights, const std::vector<std::string>& names,
                                    const std::string& option) {
  for (const auto& [name, weight] : weights) {
    if (std::ranges::count(names, name) > 0) continue;
    throw UsageError(Place{.part = option + " " + name},
                     fmt::format("unknown feature; the list has `{}`", fmt::join(names, "`, `")));
  }
  std::vector<double> ordered;
  for (const auto& name : names) ordered.push_back(weights.contains(name) ? weights.at(name) : 0);
  return ordered;
}

RankedLists rank_lists(const ListTexts& texts, const metrics::BleuOptions& options, const ListScored* scored) {
  RankedLists lists(texts.list.by_sentence.size());
  for (size_t sentence = 0; sentence < lists.size(); ++sentence) {
    metrics::BleuLines lines(options);
    std::vector<size_t> references;
    if (!texts.references.empty())
      for (const auto& reference : texts.references[sentence]) references.push_back(lines.add(reference));
    for (const size_t line : texts.list.by_sentence[sentence]) {
      const auto& hypothesis = texts.list.lines[line];
      Ranked each{.features = {hypothesis.total, scored != nullptr ? scored->of(hypothesis).score : 0}, .bleu = {}};
      const auto& listed = texts.features.of_line[line];
      each.features.insert(each.features.end(), listed.begin(), listed.end());
      if (!texts.references.empty()) each.bleu = lines.count(lines.add(hypothesis.text), references);
      lists[sentence].push_back(std::move(each));
    }
  }
  return lists;
}

ScoredLists score_lists(const LoadedRun& run, const ListTexts& texts, bool tokens, const Environment& environment) {
  const auto scored = score_list(run, texts.list, texts.sources, tokens, environment);
  return {.lists = rank_lists(texts, metrics::bleu_options(run.options().metrics), &scored),
          .saved = scored.scores.saved()};
}

double sentence_bleu(const Ranked& hypothesis) {
  return metrics::bleu_of(hypothesis.bleu, metrics::Smoothing::add_one).score;
}

}  // namespace seq2seq::run
