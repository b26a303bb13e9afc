#include "seq2seq/run/metric_names.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/config/nearest.h"
#include "seq2seq/core/text.h"
#include "seq2seq/metrics/metric.h"

namespace seq2seq::run {

namespace {

/// Metrics that figures.h measures itself.
constexpr std::array<std::string_view, 7> own_names{"perplexity",  "word_perplexity",     "character_perplexity",
                                                    "exact_match", "sequence_error_rate", "token_error_rate",
                                                    "bleu"};

bool is_own(std::string_view name) { return std::find(own_names.begin(), own_names.end(), name) != own_names.end(); }

const std::map<std::string, MetricHint>& metrics_elsewhere() {
  static const std::map<std::string, MetricHint> all{
      {"wer", {"word_error_rate", "; for letters and phonemes, the share of wrong words is `sequence_error_rate`"}},
      {"per", {"token_error_rate", ", the phoneme error rate if tokens are phonemes"}},
      {"cer", {"token_error_rate", ", the character error rate if tokens are characters"}},
      {"acc", {"exact_match"}},
      {"accuracy", {"exact_match"}},
      {"sequence_accuracy", {"exact_match"}},
      {"ppl", {"perplexity"}},
      {"sacrebleu", {"bleu"}},
  };
  return all;
}

}  // namespace

MetricHint metric_elsewhere(const std::string& name) {
  const auto found = metrics_elsewhere().find(config::without_case(name));
  return found == metrics_elsewhere().end() ? MetricHint() : found->second;
}

const std::vector<std::string>& metric_names() {
  static const auto names = [] {
    std::vector<std::string> all(own_names.begin(), own_names.end());
    for (const auto& kind : metrics::metric_kinds())
      if (!is_own(kind.name)) all.emplace_back(kind.name);
    return all;
  }();
  return names;
}

std::vector<std::string> line_metrics(const std::vector<std::string>& names) {
  std::vector<std::string> found;
  std::copy_if(names.begin(), names.end(), std::back_inserter(found),
               [](const auto& name) { return !is_own(name) && metrics::find_metric(name) != nullptr; });
  return found;
}

std::string unknown_metric(const std::vector<std::string>& names, const std::vector<std::string>& known) {
  for (const auto& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (const auto hint = metric_elsewhere(name); !hint.name.empty())
      return fmt::format("has no metric {}; it is `{}` here{}", quote(name), hint.name, hint.note);
    const auto near = config::nearest(name, known);
    return fmt::format("has no metric {}; {}", quote(name),
                       near.empty() ? fmt::format("the metrics are {}", fmt::join(known, ", "))
                                    : fmt::format("did you mean `{}`?", near));
  }
  return {};
}

bool higher_is_better(const std::string& name) {
  const auto* kind = metrics::find_metric(name);
  return kind != nullptr && kind->higher_is_better;
}

bool need_outputs(const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [](const auto& name) { return !name.ends_with("perplexity"); });
}

}  // namespace seq2seq::run
