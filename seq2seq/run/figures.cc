#include "seq2seq/run/figures.h"

#include <algorithm>
#include <numeric>

#include "seq2seq/metrics/perplexity.h"
#include "seq2seq/run/compared.h"

namespace seq2seq::run {

namespace {

/// The sentences of one rank.
std::vector<int64_t> share_of(const EvaluationSet& set, const data::Deal& deal) {
  std::vector<int64_t> all(static_cast<size_t>(set.corpus.pairs()));
  std::iota(all.begin(), all.end(), 0);
  return data::dealt(all, set.corpus, deal);
}

decode::Sentences pick(const data::TokenStore& store, const std::vector<int64_t>& share) {
  decode::Sentences sentences;
  sentences.reserve(share.size());
  for (const int64_t sentence : share) sentences.push_back(store[sentence]);
  return sentences;
}

/// Sums whole numbers, exactly: a double holds them up to 2^53.
void sum_over(train::Team& team, const std::vector<int64_t*>& counts) {
  std::vector<double> values;
  for (const auto* count : counts) values.push_back(static_cast<double>(*count));
  team.sum(values);
  for (size_t i = 0; i < counts.size(); ++i) *counts[i] = static_cast<int64_t>(values[i]);
}

}  // namespace

double Perplexity::value() const { return metrics::perplexity(score, tokens); }

Perplexity measure_perplexity(const decode::Predictor& predictor, const EvaluationSet& set,
                              const data::TextPipeline& text, int64_t batch, const decode::Done& done,
                              const data::Deal& deal) {
  Perplexity perplexity;
  const auto share = share_of(set, deal);
  for (const auto& pair : decode::score_all(predictor, pick(set.corpus.source, share), pick(set.corpus.target, share),
                                            text, batch, done)) {
    perplexity.score += pair.score;
    perplexity.tokens += std::ssize(pair.token_scores);
  }
  return perplexity;
}

OutputFigures measure_outputs(const decode::Predictor& predictor, const EvaluationSet& set,
                              const data::TextPipeline& text, const decode::DecodeOptions& options,
                              const metrics::MetricOptions& metrics, const decode::Done& done, const data::Deal& deal) {
  OutputFigures figures;
  const auto share = share_of(set, deal);
  const auto targets = pick(set.corpus.target, share);
  std::vector<std::string> lines;
  metrics::References references;
  for (const auto& found :
       decode::search_all(predictor, pick(set.corpus.source, share), text, options, done, &targets)) {
    const auto& output = found.front();
    const auto sentence = static_cast<size_t>(share[lines.size()]);
    references.push_back(set.references[sentence]);
    figures.rates += metrics::error_rates({output_tokens(output.ids, text, set.copied[sentence], metrics)},
                                          {reference_tokens(references.back(), text, metrics)});
    lines.push_back(output_line(output.ids, text, set.copied[sentence]));
    if (output.cut) ++figures.cut;
  }
  if (!lines.empty()) figures.bleu = metrics::corpus_bleu(lines, references, metrics::bleu_options(metrics));
  return figures;
}

void sum_over(train::Team& team, Perplexity& perplexity) {
  std::vector<double> score{perplexity.score};
  team.sum(score);
  perplexity.score = score.front();
  sum_over(team, {&perplexity.tokens});
}

void sum_over(train::Team& team, OutputFigures& figures, const metrics::BleuOptions& options) {
  auto& counts = figures.bleu.counts;
  std::vector<int64_t*> all{&figures.rates.sequences,        &figures.rates.exact, &figures.rates.edits,
                            &figures.rates.reference_tokens, &figures.cut,         &counts.hypothesis_tokens,
                            &counts.reference_tokens};
  for (auto* numbers : {&counts.matches, &counts.ngrams})
    for (auto& number : *numbers) all.push_back(&number);
  sum_over(team, all);
  figures.bleu = metrics::bleu_of(counts, options.smoothing);
}

train::Figures named(const Perplexity& perplexity) { return {{"perplexity", perplexity.value()}}; }

void add(train::Figures& figures, const OutputFigures& outputs) {
  figures["exact_match"] = outputs.rates.exact_match();
  figures["sequence_error_rate"] = outputs.rates.sequence_error_rate();
  figures["token_error_rate"] = outputs.rates.token_error_rate();
  figures["bleu"] = outputs.bleu.score;
}

train::Validate make_validation(const EvaluationSet& set, const data::TextPipeline& text,
                                const decode::DecodeOptions& decode, const metrics::MetricOptions& options,
                                const std::vector<std::string>& metrics, train::Team* team) {
  return [&set, &text, decode, options, metrics, team](const nn::Model& model) {
    const decode::ModelPredictor predictor(model, decode.allow_unknown);
    const auto deal = team == nullptr ? data::Deal{} : data::Deal{.rank = team->rank(), .ranks = team->ranks()};
    auto perplexity = measure_perplexity(predictor, set, text, decode.batch, {}, deal);
    if (team != nullptr) sum_over(*team, perplexity);
    auto figures = named(perplexity);
    if (!need_outputs(metrics)) return figures;
    auto found = measure_outputs(predictor, set, text, decode, options, {}, deal);
    if (team != nullptr) sum_over(*team, found, metrics::bleu_options(options));
    train::Figures outputs;
    add(outputs, found);
    for (const auto& [name, value] : outputs)
      if (std::find(metrics.begin(), metrics.end(), name) != metrics.end()) figures[name] = value;
    return figures;
  };
}

}  // namespace seq2seq::run
