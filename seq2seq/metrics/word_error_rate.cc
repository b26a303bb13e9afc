#include "seq2seq/metrics/word_error_rate.h"

#include <fmt/format.h>

#include "seq2seq/metrics/error_rate.h"
#include "seq2seq/metrics/words.h"

namespace seq2seq::metrics {

Counts WordErrorRateMetric::count(const std::string& output, const std::vector<std::string>& references) const {
  const auto words = [this](const std::string& line) { return split_words(lowercase_ ? lower_case(line) : line); };
  std::vector<Tokens> reference_words;
  for (const auto& line : references) reference_words.push_back(words(line));
  const auto rates = error_rates({words(output)}, {reference_words});
  return {static_cast<double>(rates.edits), static_cast<double>(rates.reference_tokens)};
}

double WordErrorRateMetric::figure(std::span<const double> sums) const { return error_share(sums[0], sums[1]); }

std::string WordErrorRateMetric::text(std::span<const double> sums) const {
  return fmt::format("WER = {:.2f} %", 100 * figure(sums));
}

std::string WordErrorRateMetric::settings() const {
  return fmt::format("case:{}|tok:none|ref:nearest", lowercase_ ? "lc" : "mixed");
}

std::unique_ptr<Metric> make_word_error_rate(const MetricOptions& options) {
  return std::make_unique<WordErrorRateMetric>(options.lowercase);
}

}  // namespace seq2seq::metrics
