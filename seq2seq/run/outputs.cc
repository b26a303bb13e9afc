#include "seq2seq/run/outputs.h"

#include "seq2seq/run/compared.h"
#include "seq2seq/run/minimum_bayes_risk.h"
#include "seq2seq/run/rescore/choose.h"

namespace seq2seq::run {

namespace {

decode::Sentences pick(const data::TokenStore& store, const std::vector<int64_t>& chosen) {
  decode::Sentences sentences;
  sentences.reserve(chosen.size());
  for (const int64_t sentence : chosen) sentences.push_back(store[sentence]);
  return sentences;
}

}  // namespace

decode::Readings readings_of(const EvaluationSet& set, const data::TextPipeline& text,
                             const std::vector<int64_t>& chosen) {
  decode::Readings readings{{.text = &text, .sentences = pick(set.corpus.source, chosen)}};
  for (const auto& other : set.others)
    readings.push_back({.text = other.text, .sentences = decode::pick(other.sentences, chosen)});
  return readings;
}

std::vector<Output> search_outputs(const decode::Predictor& predictor, const EvaluationSet& set,
                                   const data::TextPipeline& text, const decode::DecodeOptions& options,
                                   const metrics::MetricOptions& metrics, const std::vector<int64_t>& chosen,
                                   const decode::Done& done) {
  const auto targets = pick(set.corpus.target, chosen);
  std::vector<data::CopiedWords> all_copied;
  for (const int64_t sentence : chosen) all_copied.push_back(set.copied[static_cast<size_t>(sentence)]);
  auto all_found = decode::search_all(predictor, readings_of(set, text, chosen), options, done, &targets);
  order_by_risk(all_found, text, all_copied, options, metrics);
  std::vector<Output> outputs;
  for (const auto& found : all_found) {
    const auto& best = found.front();
    const auto& copied = all_copied[outputs.size()];
    outputs.push_back({.line = output_line(best.ids, text, copied),
                       .tokens = output_tokens(best.ids, text, copied, metrics),
                       .cut = best.cut});
    if (options.search == decode::SearchKind::exact) outputs.back().exact.add(best);
  }
  return outputs;
}

std::vector<Output> outputs_of(const LoadedRun& run, const EvaluationSet& set, const Environment& environment,
                               const decode::Done& done) {
  const auto& options = run.options();
  if (!options.decode.rescore.any())
    return search_outputs(run.predictor(), set, *run.text, options.decode, options.metrics, set.all(), done);
  std::vector<Output> outputs;
  for (auto& line : choose_from_list(run, set, environment)) {
    auto tokens = reference_tokens({line}, *run.text, options.metrics).front();
    outputs.push_back({.line = std::move(line), .tokens = std::move(tokens)});
  }
  return outputs;
}

}  // namespace seq2seq::run
