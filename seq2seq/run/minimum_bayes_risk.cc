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

/// The different texts of samples, in order of their first sample.
struct SampledTexts {
  std::vector<std::string> lines;
  std::vector<decode::Hypothesis> best;
  std::vector<double> samples;  // number of samples with the text
};

SampledTexts texts_of(std::vector<decode::Hypothesis> samples, const data::TextPipeline& text,
                      const data::CopiedWords& copied) {
  SampledTexts texts;
  std::map<std::string, size_t> known;
  for (auto& sample : samples) {
    auto line = output_line(sample.ids, text, copied);
    const auto [place, added] = known.emplace(line, texts.lines.size());
    if (added) {
      texts.lines.push_back(std::move(line));
      texts.best.push_back(std::move(sample));
      texts.samples.push_back(0);
    }
    ++texts.samples[place->second];
  }
  return texts;
}

std::vector<decode::Hypothesis> by_risk(std::vector<decode::Hypothesis> samples, const data::TextPipeline& text,
                                        const data::CopiedWords& copied, const metrics::MetricKind& kind,
                                        const metrics::Metric& metric) {
  const auto count = static_cast<double>(samples.size());
  auto texts = texts_of(std::move(samples), text, copied);
  const auto sums = metric.similarities(texts.lines, texts.samples);
  for (size_t i = 0; i < sums.size(); ++i)
    texts.best[i].ranking_score = (kind.higher_is_better ? sums[i] : -sums[i]) / count;
  std::ranges::stable_sort(texts.best, decode::better);
  return std::move(texts.best);
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
