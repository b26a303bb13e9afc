#include "seq2seq/study/record/sentence_figures.h"

#include <stdexcept>
#include <string>

#include "seq2seq/metrics/perplexity.h"
#include "seq2seq/run/compared.h"

namespace seq2seq::study {

std::vector<SentenceFigures> measure_sentences(const decode::Predictor& predictor, const run::EvaluationSet& set,
                                               const data::TextPipeline& text, const decode::DecodeOptions& options,
                                               const metrics::MetricOptions& metrics, const decode::Done& done) {
  std::vector<SentenceFigures> sentences;
  const auto sources = decode::all_sentences(set.corpus.source);
  const auto targets = decode::all_sentences(set.corpus.target);
  for (const auto& pair : decode::score_all(predictor, sources, targets, text, options.batch)) {
    auto& sentence = sentences.emplace_back();
    sentence.score = pair.score;
    sentence.scored_tokens = std::ssize(pair.token_scores);
    sentence.source_tokens = std::ssize(sources[sentences.size() - 1]);
  }
  const auto outputs = decode::search_all(predictor, sources, text, options, done, &targets);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto& ids = outputs[i].front().ids;
    const auto& references = set.references[i];
    const auto& copied = set.copied[i];
    sentences[i].rates = metrics::error_rates({run::output_tokens(ids, text, copied, metrics)},
                                              {run::reference_tokens(references, text, metrics)});
    sentences[i].bleu =
        metrics::count_bleu(run::output_line(ids, text, copied), references, metrics::bleu_options(metrics));
  }
  return sentences;
}

double figure_of(std::string_view metric, std::span<const SentenceFigures> sentences, std::span<const int64_t> chosen) {
  SentenceFigures sum;
  for (const int64_t number : chosen) {
    const auto& sentence = sentences[static_cast<size_t>(number)];
    sum.score += sentence.score;
    sum.scored_tokens += sentence.scored_tokens;
    sum.rates += sentence.rates;
    sum.bleu += sentence.bleu;
  }
  if (metric == "perplexity") return metrics::perplexity(sum.score, sum.scored_tokens);
  if (metric == "exact_match") return sum.rates.exact_match();
  if (metric == "sequence_error_rate") return sum.rates.sequence_error_rate();
  if (metric == "token_error_rate") return sum.rates.token_error_rate();
  if (metric == "bleu") return metrics::bleu_of(sum.bleu, metrics::BleuOptions().smoothing).score;
  throw std::invalid_argument("unknown metric `" + std::string(metric) + "`");
}

}  // namespace seq2seq::study
