#include "seq2seq/run/minimum_bayes_risk.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/text.h"
#include "seq2seq/metrics/metric.h"
#include "seq2seq/run/metric_inputs.h"

namespace seq2seq::run {

namespace {

/// Samples with the same text.
struct SampledText {
  std::string line;
  decode::Hypothesis best;
  double samples = 0;
};

std::vector<SampledText> texts_of(std::vector<decode::Hypothesis> samples, const data::TextPipeline& text,
                                  const data::CopiedWords& copied) {
  std::vector<SampledText> texts;
  std::map<std::string, size_t> known;
  for (auto& sample : samples) {
    auto line = output_line(sample.ids, text, copied);
    const auto [place, added] = known.emplace(line, texts.size());
    if (added) texts.push_back({.line = std::move(line), .best = std::move(sample)});
    ++texts[place->second].samples;
  }
  return texts;
}

std::vector<decode::Hypothesis> by_risk(std::vector<decode::Hypothesis> samples, const data::TextPipeline& text,
                                        const data::CopiedWords& copied, const metrics::MetricKind& kind,
                                        const metrics::Metric& metric) {
  const auto count = static_cast<double>(samples.size());
  auto texts = texts_of(std::move(samples), text, copied);
  std::vector<decode::Hypothesis> listed;
  for (auto& candidate : texts) {
    double sum = 0;
    for (const auto& reference : texts)
      sum += reference.samples * metric.sentence_figure(metric.count(candidate.line, {reference.line}));
    candidate.best.ranking_score = (kind.higher_is_better ? sum : -sum) / count;
    listed.push_back(candidate.best);
  }
  std::ranges::stable_sort(listed, decode::better);
  return listed;
}

}  // namespace

void order_by_risk(std::vector<std::vector<decode::Hypothesis>>& outputs, const data::TextPipeline& text,
                   const std::vector<data::CopiedWords>& copied, const decode::DecodeOptions& options,
                   const metrics::MetricOptions& metrics) {
  const auto* kind = metrics::find_metric(options.minimum_bayes_risk);
  if (kind == nullptr) return;
  const auto metric = kind->make(metrics);
  for (size_t i = 0; i < outputs.size(); ++i)
    outputs[i] = by_risk(std::move(outputs[i]), text, copied[i], *kind, *metric);
}

std::string wrong_minimum_bayes_risk(const decode::DecodeOptions& options) {
  const auto& name = options.minimum_bayes_risk;
  if (name == decode::no_metric) return {};
  if (metrics::find_metric(name) == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& kind : metrics::metric_kinds()) names.push_back(kind.name);
    return fmt::format("unknown metric {}; use `none`, `{}`", quote(name), fmt::join(names, "`, `"));
  }
  if (options.search != decode::SearchKind::sample)
    return "compares samples with each other; set `decode.search: sample`, and `decode.n_best` to their number";
  if (options.n_best < 2) return "compares samples with each other; set `decode.n_best` to their number, 2 or more";
  return {};
}

}  // namespace seq2seq::run
