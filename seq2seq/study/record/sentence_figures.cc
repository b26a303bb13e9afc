#include "seq2seq/study/record/sentence_figures.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>

#include "seq2seq/metrics/perplexity.h"
#include "seq2seq/run/exact_counts.h"
#include "seq2seq/run/figures.h"
#include "seq2seq/run/metric_inputs.h"
#include "seq2seq/run/output_words.h"

namespace seq2seq::study {

namespace {

constexpr std::string_view word_perplexity = "word_perplexity", character_perplexity = "character_perplexity";

/// A figure that is stored separately, ready to count sentences.
struct SeparateFigure {
  std::string name;
  std::unique_ptr<metrics::Metric> metric;  // null: a figure that count() knows itself

  metrics::Counts count(const std::string& output, const std::vector<std::string>& references,
                        const run::ExactCounts& exact) const {
    if (metric) return metric->count(output, references);
    if (name == word_perplexity) return {static_cast<double>(run::words_of(references.front()))};
    if (name == character_perplexity) return {static_cast<double>(run::characters_of(references.front()))};
    return {run::counts_for(name, exact)};
  }
};

std::vector<SeparateFigure> separate_figures(const std::vector<std::string>& names,
                                             const metrics::MetricOptions& options) {
  std::vector<SeparateFigure> all;
  for (const auto& name : stored_separately(names)) {
    const auto* kind = metrics::find_metric(name);
    all.push_back({name, kind == nullptr ? nullptr : kind->make(options)});
  }
  return all;
}

void add_to(metrics::Counts& sums, const metrics::Counts& counts) {
  sums.resize(counts.size());
  for (size_t i = 0; i < counts.size(); ++i) sums[i] += counts[i];
}

}  // namespace

const std::vector<std::string>& study_metric_names() {
  static const auto names = [] {
    auto all = run::metric_names();
    all.insert(all.end(), run::exact_rate_names().begin(), run::exact_rate_names().end());
    return all;
  }();
  return names;
}

std::vector<std::string> stored_separately(const std::vector<std::string>& names) {
  auto found = run::line_metrics(names);
  std::copy_if(names.begin(), names.end(), std::back_inserter(found), [](const auto& name) {
    return name == word_perplexity || name == character_perplexity || run::is_exact_rate(name);
  });
  return found;
}

std::vector<SentenceFigures> measure_sentences(const decode::Predictor& predictor, const run::EvaluationSet& set,
                                               const data::TextPipeline& text, int64_t batch,
                                               const std::vector<run::MeasuredOutput>& outputs,
                                               const metrics::MetricOptions& metrics,
                                               const std::vector<std::string>& names) {
  std::vector<SentenceFigures> sentences;
  const auto sources = run::readings_of(set, text, set.all());
  const auto targets = decode::all_sentences(set.corpus.target);
  for (const auto& pair : decode::score_all(predictor, sources, targets, batch)) {
    auto& sentence = sentences.emplace_back();
    sentence.score = pair.score;
    sentence.scored_tokens = std::ssize(pair.token_scores);
    sentence.source_tokens = std::ssize(sources.front().sentences[sentences.size() - 1]);
  }
  const auto separate = separate_figures(names, metrics);
  if (outputs.empty()) {  // of a language model
    for (size_t i = 0; i < sentences.size(); ++i) {
      sentences[i].rates.sequences = 1;  // as after reading
      for (const auto& figure : separate) sentences[i].lines[figure.name] = figure.count("", set.references[i], {});
    }
    return sentences;
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto& line = outputs[i].line;
    const auto& references = set.references[i];
    sentences[i].rates = metrics::error_rates({outputs[i].tokens}, {run::reference_tokens(references, text, metrics)});
    sentences[i].bleu = metrics::count_bleu(line, references, metrics::bleu_options(metrics));
    for (const auto& figure : separate)
      sentences[i].lines[figure.name] = figure.count(line, references, outputs[i].exact);
  }
  return sentences;
}

double figure_of(std::string_view metric, std::span<const SentenceFigures> sentences, std::span<const int64_t> chosen) {
  const std::string name(metric);
  SentenceFigures sum;
  for (const int64_t number : chosen) {
    const auto& sentence = sentences[static_cast<size_t>(number)];
    sum.score += sentence.score;
    sum.scored_tokens += sentence.scored_tokens;
    sum.rates += sentence.rates;
    sum.bleu += sentence.bleu;
    if (const auto counts = sentence.lines.find(name); counts != sentence.lines.end())
      add_to(sum.lines[name], counts->second);
  }
  if (metric == "perplexity") return metrics::perplexity(sum.score, sum.scored_tokens);
  if (metric == "exact_match") return sum.rates.exact_match();
  if (metric == "sequence_error_rate") return sum.rates.sequence_error_rate();
  if (metric == "token_error_rate") return sum.rates.token_error_rate();
  if (metric == "bleu") return metrics::bleu_of(sum.bleu, metrics::BleuOptions().smoothing).score;
  if (const auto sums = sum.lines.find(name); sums != sum.lines.end()) {
    if (run::is_exact_rate(name)) return sums->second.front() / static_cast<double>(chosen.size());
    if (name.ends_with("perplexity")) return metrics::perplexity(sum.score, static_cast<int64_t>(sums->second.front()));
    return metrics::find_metric(name)->make({})->figure(sums->second);
  }
  throw std::invalid_argument("unknown metric `" + std::string(metric) + "`");
}

}  // namespace seq2seq::study
