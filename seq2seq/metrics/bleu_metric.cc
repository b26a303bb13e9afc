#include "seq2seq/metrics/bleu_metric.h"

#include <algorithm>

namespace seq2seq::metrics {

namespace {

constexpr std::size_t bleu_orders = BleuCounts::orders;

BleuCounts counts_of(std::span<const double> sums) {
  const auto whole = [sums](std::size_t at) { return static_cast<int64_t>(sums[at]); };
  BleuCounts counts;
  for (std::size_t n = 0; n < bleu_orders; ++n) {
    counts.matches[n] = whole(n);
    counts.ngrams[n] = whole(bleu_orders + n);
  }
  counts.hypothesis_tokens = whole(2 * bleu_orders);
  counts.reference_tokens = whole(2 * bleu_orders + 1);
  return counts;
}

}  // namespace

std::size_t BleuMetric::size() const { return 2 * bleu_orders + 2; }

Counts BleuMetric::count(const std::string& output, const std::vector<std::string>& references) const {
  const auto counted = count_bleu(output, references, options_);
  Counts counts(counted.matches.begin(), counted.matches.end());
  counts.insert(counts.end(), counted.ngrams.begin(), counted.ngrams.end());
  counts.push_back(static_cast<double>(counted.hypothesis_tokens));
  counts.push_back(static_cast<double>(counted.reference_tokens));
  return counts;
}

Bleu BleuMetric::bleu(std::span<const double> sums) const { return bleu_of(counts_of(sums), options_.smoothing); }
double BleuMetric::figure(std::span<const double> sums) const { return bleu(sums).score; }
std::string BleuMetric::text(std::span<const double> sums) const { return bleu(sums).text(); }
std::string BleuMetric::settings() const { return bleu_settings(options_); }

double BleuMetric::sentence_figure(std::span<const double> counts) const {
  return bleu_of(counts_of(counts), options_.smoothing, Orders::effective).score;
}

std::vector<double> BleuMetric::similarities(const std::vector<std::string>& lines,
                                             std::span<const double> weights) const {
  BleuLines counted(options_);
  for (const auto& line : lines) counted.add(line);
  std::vector<double> sums(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i)
    for (std::size_t j = 0; j < lines.size(); ++j)
      sums[i] += weights[j] * bleu_of(counted.count(i, std::span(&j, 1)), options_.smoothing, Orders::effective).score;
  return sums;
}

std::unique_ptr<Metric> make_bleu(const MetricOptions& options) {
  return std::make_unique<BleuMetric>(bleu_options(options));
}

}  // namespace seq2seq::metrics
