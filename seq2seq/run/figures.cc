#include "seq2seq/run/figures.h"

#include <algorithm>
#include <utility>

#include "seq2seq/core/text.h"
#include "seq2seq/decode/fused_predictor.h"
#include "seq2seq/metrics/perplexity.h"
#include "seq2seq/metrics/words.h"
#include "seq2seq/nn/scoped_precision.h"
#include "seq2seq/run/metric_inputs.h"
#include "seq2seq/run/output_words.h"

namespace seq2seq::run {

namespace {

/// Returns the sentences of one rank.
std::vector<int64_t> share_of(const EvaluationSet& set, const data::Deal& deal) {
  return data::dealt(set.all(), set.corpus, deal);
}

/// Sums whole numbers over all ranks. Exact, because a double represents them up to 2^53.
void sum_over(train::Team& team, const std::vector<int64_t*>& counts) {
  std::vector<double> values;
  for (const auto* count : counts) values.push_back(static_cast<double>(*count));
  team.sum(values);
  for (size_t i = 0; i < counts.size(); ++i) *counts[i] = static_cast<int64_t>(values[i]);
}

void add_counts(metrics::Counts& sums, const metrics::Counts& counts) {
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += counts[i];
}

}  // namespace

int64_t words_of(const std::string& line) { return std::ssize(metrics::split_words(line)) + 1; }
int64_t characters_of(const std::string& line) { return static_cast<int64_t>(count_characters(line)) + 1; }

double Perplexity::value() const { return metrics::perplexity(score, tokens); }

Perplexity measure_perplexity(const decode::Predictor& predictor, const EvaluationSet& set,
                              const data::TextPipeline& text, int64_t batch, const decode::Done& done,
                              const data::Deal& deal) {
  Perplexity perplexity;
  const auto share = share_of(set, deal);
  for (const auto& pair : decode::score_all(predictor, readings_of(set, text, share),
                                            decode::pick(set.corpus.target, share), batch, done)) {
    perplexity.score += pair.score;
    perplexity.tokens += std::ssize(pair.token_scores);
  }
  for (const int64_t sentence : share) {
    const auto& line = set.references[static_cast<size_t>(sentence)].front();
    perplexity.words += words_of(line);
    perplexity.characters += characters_of(line);
  }
  return perplexity;
}

OutputFigures compare_outputs(const std::vector<MeasuredOutput>& outputs, const EvaluationSet& set,
                              const std::vector<int64_t>& chosen, const data::TextPipeline& text,
                              const metrics::MetricOptions& metrics, const std::vector<std::string>& names) {
  OutputFigures figures;
  std::vector<std::string> lines;
  metrics::References references;
  for (const auto& output : outputs) {
    references.push_back(set.references[static_cast<size_t>(chosen[lines.size()])]);
    figures.rates += metrics::error_rates({output.tokens}, {reference_tokens(references.back(), text, metrics)});
    lines.push_back(output.line);
    if (output.cut) ++figures.cut;
    if (output.below_minimum) ++figures.below_minimum;
    figures.exact += output.exact;
  }
  for (const auto& name : line_metrics(names)) {
    const auto metric = metrics::find_metric(name)->make(metrics);
    auto& sums = figures.lines[name] = metrics::Counts(metric->size());
    for (size_t i = 0; i < lines.size(); ++i) add_counts(sums, metric->count(lines[i], references[i]));
  }
  if (!lines.empty()) figures.bleu = metrics::corpus_bleu(lines, references, metrics::bleu_options(metrics));
  return figures;
}

OutputFigures measure_outputs(const decode::Predictor& predictor, const EvaluationSet& set,
                              const data::TextPipeline& text, const decode::DecodeOptions& options,
                              const metrics::MetricOptions& metrics, const decode::Done& done, const data::Deal& deal,
                              const std::vector<std::string>& names) {
  const auto share = share_of(set, deal);
  return compare_outputs(search_outputs(predictor, set, text, options, metrics, share, done), set, share, text, metrics,
                         names);
}

void sum_over(train::Team& team, Perplexity& perplexity) {
  std::vector<double> score{perplexity.score};
  team.sum(score);
  perplexity.score = score.front();
  sum_over(team, {&perplexity.tokens, &perplexity.words, &perplexity.characters});
}

void sum_over(train::Team& team, OutputFigures& figures, const metrics::BleuOptions& options) {
  auto& counts = figures.bleu.counts;
  auto& exact = figures.exact;
  std::vector<int64_t*> all{&figures.rates.sequences,
                            &figures.rates.exact,
                            &figures.rates.edits,
                            &figures.rates.reference_tokens,
                            &figures.cut,
                            &counts.hypothesis_tokens,
                            &counts.reference_tokens,
                            &exact.sentences,
                            &exact.unproven,
                            &exact.missed,
                            &exact.empty};
  for (auto* numbers : {&counts.matches, &counts.ngrams})
    for (auto& number : *numbers) all.push_back(&number);
  sum_over(team, all);
  figures.bleu = metrics::bleu_of(counts, options.smoothing);
  for (auto& [name, sums] : figures.lines) team.sum(sums);
}

train::Figures named(const Perplexity& perplexity) {
  return {{"perplexity", perplexity.value()},
          {"word_perplexity", metrics::perplexity(perplexity.score, perplexity.words)},
          {"character_perplexity", metrics::perplexity(perplexity.score, perplexity.characters)}};
}

void add(train::Figures& figures, const OutputFigures& outputs) {
  figures["exact_match"] = outputs.rates.exact_match();
  figures["sequence_error_rate"] = outputs.rates.sequence_error_rate();
  figures["token_error_rate"] = outputs.rates.token_error_rate();
  figures["bleu"] = outputs.bleu.score;
  for (const auto& [name, sums] : outputs.lines)  // sums determine the figure
    figures[name] = metrics::find_metric(name)->make({})->figure(sums);
  figures.merge(rates_of(outputs.exact));
}

train::Validate make_validation(const EvaluationSet& set, const data::TextPipeline& text,
                                const decode::DecodeOptions& decode, const metrics::MetricOptions& options,
                                const std::vector<std::string>& metrics, train::Team* team,
                                std::shared_ptr<const decode::Predictor> language_model, const decode::Done& done) {
  return [&set, &text, decode, options, metrics, team, done,
          language_model = std::move(language_model)](const nn::Model& model) {
    const nn::ScopedPrecision as_the_search(decode.precision);
    const auto made = decode::make_predictor(model, decode, language_model);
    const auto& predictor = *made;
    const auto deal = team == nullptr ? data::Deal{} : data::Deal{.rank = team->rank(), .ranks = team->ranks()};
    auto perplexity = measure_perplexity(predictor, set, text, decode.batch, done, deal);
    if (team != nullptr) sum_over(*team, perplexity);
    auto all = named(perplexity);
    if (need_outputs(metrics)) {
      auto found = measure_outputs(predictor, set, text, decode, options, done, deal, metrics);
      if (team != nullptr) sum_over(*team, found, metrics::bleu_options(options));
      add(all, found);
    }
    std::erase_if(all, [&metrics](const auto& figure) {
      return figure.first != "perplexity" && std::find(metrics.begin(), metrics.end(), figure.first) == metrics.end();
    });
    return all;
  };
}

}  // namespace seq2seq::run
