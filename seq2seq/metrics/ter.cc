#include "seq2seq/metrics/ter.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "seq2seq/metrics/translation_edits.h"
#include "seq2seq/metrics/words.h"

namespace seq2seq::metrics {

Counts TerMetric::count(const std::string& output, const std::vector<std::string>& references) const {
  std::unordered_map<std::string, int> numbers;
  const auto numbered = [&numbers](const std::string& line) {
    std::vector<int> words;
    for (const auto& word : split_words(lower_case(line)))
      words.push_back(numbers.emplace(word, static_cast<int>(numbers.size())).first->second);
    return words;
  };
  const auto words = numbered(output);
  int64_t fewest = std::numeric_limits<int64_t>::max();
  double length = 0;
  for (const auto& line : references) {
    const auto reference = numbered(line);
    fewest = std::min(fewest, translation_edits(words, reference));
    length += static_cast<double>(reference.size());
  }
  return {static_cast<double>(fewest), length / static_cast<double>(references.size())};
}

double TerMetric::figure(std::span<const double> sums) const {
  constexpr double all = 100;
  if (sums[1] > 0) return all * sums[0] / sums[1];
  return sums[0] > 0 ? all : 0;
}

std::string TerMetric::text(std::span<const double> sums) const { return fmt::format("TER = {:.2f}", figure(sums)); }

std::unique_ptr<Metric> make_ter(const MetricOptions& /*options*/) { return std::make_unique<TerMetric>(); }

}  // namespace seq2seq::metrics
