#include "seq2seq/decode/scoring_rule.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace seq2seq::decode {

double ScoringRule::coverage_of(std::span<const double> sums) {
  constexpr double least = 1e-10;
  double logs = 0;
  for (const double sum : sums) logs += std::log(std::clamp(sum, least, 1.0));
  return logs;
}

Coverage covered(const Coverage& before, const double* weights, std::span<const int64_t> positions) {
  auto sums = before == nullptr ? std::vector<double>(positions.size()) : *before;
  for (size_t word = 0; word < positions.size(); ++word) sums[word] += weights[positions[word]];
  return std::make_shared<const std::vector<double>>(std::move(sums));
}

}  // namespace seq2seq::decode
