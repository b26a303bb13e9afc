#include "seq2seq/run/outputs.h"

#include "seq2seq/run/metric_inputs.h"
#include "seq2seq/run/minimum_bayes_risk.h"
#include "seq2seq/run/output_words.h"
#include "seq2seq/run/rescore/choose.h"

namespace seq2seq::run {

decode::Readings readings_of(const EvaluationSet& set, const data::TextPipeline& text,
                             const std::vector<int64_t>& chosen) {
  decode::Readings readings{{.text = &text, .sentences = decode::pick(set.corpus.source, chosen)}};
  for (const auto& other : set.others)
    readings.push_back({.text = other.text, .sentences = decode::pick(other.sentences, chosen)});
  return readings;
}

std::vector<MeasuredOutput> search_outputs(const decode::Predictor& predictor, const EvaluationSet& set,
                                           const data::TextPipeline& text, const decode::DecodeOptions& options,
                                           const metrics::MetricOptions& metrics, const std::vector<int64_t>& chosen,
                                           const decode::Done& done) {
  const auto targets = decode::pick(set.corpus.target, chosen);
  const auto sources = readings_of(set, text, chosen);
  std::vector<data::CopiedWords> all_copied;
  std::vector<std::vector<std::string>> source_tokens;
  for (const int64_t sentence : chosen) {
    all_copied.push_back(set.copied[static_cast<size_t>(sentence)]);
    source_tokens.push_back(set.source_tokens[static_cast<size_t>(sentence)]);
  }
  auto all_found = decode::search_all(predictor, sources, options, done, &targets);
  order_by_risk(all_found, text, all_copied, options, metrics);
  std::vector<MeasuredOutput> outputs;
  auto all_words = words_of_best(predictor, sources.front(), source_tokens, all_found, options);
  for (size_t i = 0; i < all_found.size(); ++i) {
    const auto& best = all_found[i].front();
    outputs.push_back({.line = text.target_tokenizer().detokenize(all_words[i]),
                       .tokens = output_tokens(std::move(all_words[i]), metrics),
                       .cut = best.cut,
                       .below_minimum = !options.oracle_length && std::ssize(best.ids) < options.min_length});
    if (options.search == decode::SearchKind::exact) outputs.back().exact.add(best);
  }
  return outputs;
}

std::vector<MeasuredOutput> outputs_of(const LoadedRun& run, const EvaluationSet& set, const Environment& environment,
                                       const decode::Done& done) {
  const auto& options = run.options();
  if (!options.decode.rescore.any())
    return search_outputs(run.predictor(), set, *run.text, options.decode, options.metrics, set.all(), done);
  std::vector<MeasuredOutput> outputs;
  for (auto& line : choose_from_list(run, set, environment)) {
    auto tokens = reference_tokens({line}, *run.text, options.metrics).front();
    outputs.push_back({.line = std::move(line), .tokens = std::move(tokens)});
  }
  return outputs;
}

}  // namespace seq2seq::run
