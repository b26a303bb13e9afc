#include "seq2seq/run/figures.h"

#include <algorithm>

#include "seq2seq/metrics/perplexity.h"
#include "seq2seq/run/compared.h"

namespace seq2seq::run {

double Perplexity::value() const { return metrics::perplexity(score, tokens); }

Perplexity measure_perplexity(const decode::Predictor& predictor, const EvaluationSet& set,
                              const data::TextPipeline& text, int64_t batch, const decode::Done& done) {
  Perplexity perplexity;
  for (const auto& pair : decode::score_all(predictor, decode::all_sentences(set.corpus.source),
                                            decode::all_sentences(set.corpus.target), text, batch, done)) {
    perplexity.score += pair.score;
    perplexity.tokens += std::ssize(pair.token_scores);
  }
  return perplexity;
}

OutputFigures measure_outputs(const decode::Predictor& predictor, const EvaluationSet& set,
                              const data::TextPipeline& text, const decode::DecodeOptions& options,
                              const metrics::MetricOptions& metrics, const decode::Done& done) {
  OutputFigures figures;
  std::vector<std::string> lines;
  const auto targets = decode::all_sentences(set.corpus.target);
  for (const auto& found :
       decode::search_all(predictor, decode::all_sentences(set.corpus.source), text, options, done, &targets)) {
    const auto& output = found.front();
    const auto references = reference_tokens(set.references[lines.size()], text, metrics);
    figures.rates += metrics::error_rates({output_tokens(output.ids, text, metrics)}, {references});
    lines.push_back(output_line(output.ids, text));
    if (output.cut) ++figures.cut;
  }
  figures.bleu = metrics::corpus_bleu(lines, set.references, metrics::bleu_options(metrics));
  return figures;
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
                                const std::vector<std::string>& metrics) {
  return [&set, &text, decode, options, metrics](const nn::Model& model) {
    const decode::ModelPredictor predictor(model, decode.allow_unknown);
    auto figures = named(measure_perplexity(predictor, set, text, decode.batch));
    if (!need_outputs(metrics)) return figures;
    train::Figures outputs;
    add(outputs, measure_outputs(predictor, set, text, decode, options));
    for (const auto& [name, value] : outputs)
      if (std::find(metrics.begin(), metrics.end(), name) != metrics.end()) figures[name] = value;
    return figures;
  };
}

}  // namespace seq2seq::run
