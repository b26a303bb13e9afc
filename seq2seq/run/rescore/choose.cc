#include "seq2seq/run/rescore/choose.h"

#include <algorithm>

#include "seq2seq/core/error.h"
#include "seq2seq/decode/rescore_options.h"
#include "seq2seq/run/outputs.h"
#include "seq2seq/run/rescore/list_texts.h"

namespace seq2seq::run {

namespace {

constexpr const char* weights_key = "decode.rescore.feature_weights";

/// Returns the hypotheses for the sentences of the set, which may leave out lines of its files.
NBestFile of_sentences(NBestFile all, const EvaluationSet& set) {
  NBestFile kept{.path = all.path, .lines = {}, .by_sentence = {}};
  for (const int64_t sentence : set.all()) {
    auto& list = kept.by_sentence.emplace_back();
    for (const size_t line : all.by_sentence[static_cast<size_t>(set.corpus.number(sentence))]) {
      list.push_back(kept.lines.size());
      kept.lines.push_back(std::move(all.lines[line]));
      kept.lines.back().sentence = static_cast<size_t>(sentence);
    }
  }
  return kept;
}

ListTexts texts_of(const LoadedRun& run, const EvaluationSet& set) {
  ListTexts texts;
  texts.sources = {.readings = readings_of(set, *run.text, set.all()), .copied = set.copied};
  texts.references = set.references;
  texts.list = of_sentences(read_n_best_file(run.options().decode.rescore.list, static_cast<size_t>(set.lines)), set);
  texts.features = read_own_features(texts.list);
  return texts;
}

RankedLists rank(const LoadedRun& run, const ListTexts& texts, const Environment& environment) {
  if (run.options().decode.rescore.choose == decode::ListChoice::weighted_sum)
    return score_lists(run, texts, /*tokens=*/false, environment).lists;
  return rank_lists(texts, metrics::bleu_options(run.options().metrics), /*scored=*/nullptr);
}

const Ranked& oracle(const std::vector<Ranked>& list) { return *std::ranges::max_element(list, {}, sentence_bleu); }

std::vector<double> weights_for(const decode::RescoreOptions& options, const ListTexts& texts) {
  const auto weights = options.choose == decode::ListChoice::total
                           ? FeatureWeights{{total_feature, 1}}
                           : parse_feature_weights(options.feature_weights, weights_key);
  return ordered_weights(weights, feature_names(texts), weights_key);
}

}  // namespace

std::vector<std::string> choose_from_list(const LoadedRun& run, const EvaluationSet& set,
                                          const Environment& environment) {
  const auto& options = run.options().decode.rescore;
  const auto texts = texts_of(run, set);
  const auto weights = weights_for(options, texts);
  const auto lists = rank(run, texts, environment);
  std::vector<std::string> chosen;
  for (size_t sentence = 0; sentence < lists.size(); ++sentence) {
    const auto& list = lists[sentence];
    if (list.empty()) {
      chosen.emplace_back();
      continue;
    }
    const auto& best = options.choose == decode::ListChoice::oracle ? oracle(list) : best_of(list, weights);
    const auto place = static_cast<size_t>(&best - list.data());
    chosen.push_back(texts.list.lines[texts.list.by_sentence[sentence][place]].text);
  }
  return chosen;
}

std::string wrong_feature_weights(const std::string& weights) {
  try {
    parse_feature_weights(weights, weights_key);
    return {};
  } catch (const UsageError& error) {
    return error.what();
  }
}

}  // namespace seq2seq::run
