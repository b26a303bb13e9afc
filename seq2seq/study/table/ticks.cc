#include "seq2seq/study/table/ticks.h"

#include <cmath>
#include <cstdint>

namespace seq2seq::study {

namespace {

constexpr double rounding = 1e-9;  // tolerance for a limit that is a tick itself

std::vector<double> multiples(double least, double most, double step) {
  std::vector<double> ticks;
  const auto last = static_cast<int64_t>(std::floor(most / step + rounding));
  for (auto i = static_cast<int64_t>(std::ceil(least / step - rounding)); i <= last; ++i)
    ticks.push_back(static_cast<double>(i) * step);
  return ticks;
}

/// Returns the powers of ten, each times the factors, that lie in [least, most].
std::vector<double> decades(double least, double most, const std::vector<int>& factors) {
  std::vector<double> ticks;
  const int last = static_cast<int>(std::floor(std::log10(most)));
  for (int power = static_cast<int>(std::floor(std::log10(least))); power <= last; ++power) {
    for (const int factor : factors) {
      const double tick = factor * std::pow(10.0, power);
      if (tick >= least * (1 - rounding) && tick <= most * (1 + rounding)) ticks.push_back(tick);
    }
  }
  return ticks;
}

}  // namespace

std::vector<double> linear_ticks(double least, double most, int most_ticks) {
  if (!(least < most) || most_ticks < 2) return {};
  for (double power = std::pow(10.0, std::floor(std::log10((most - least) / most_ticks)));; power *= 10) {
    for (const int factor : {1, 2, 5}) {
      auto ticks = multiples(least, most, factor * power);
      if (static_cast<int>(ticks.size()) <= most_ticks) return ticks;
    }
  }
}

std::vector<double> logarithmic_ticks(double least, double most, int most_ticks) {
  constexpr size_t fewest = 3;
  if (!(least > 0 && least < most)) return {};
  for (const auto& factors : {std::vector{1, 2, 5}, std::vector{1}}) {
    auto ticks = decades(least, most, factors);
    if (ticks.size() < fewest) return linear_ticks(least, most, most_ticks);
    if (static_cast<int>(ticks.size()) <= most_ticks) return ticks;
  }
  std::vector<double> ticks;  // for very many decades every second, third, ...
  const auto all = decades(least, most, {1});
  const size_t step = (all.size() + static_cast<size_t>(most_ticks) - 1) / static_cast<size_t>(most_ticks);
  for (size_t i = 0; i < all.size(); i += step) ticks.push_back(all[i]);
  return ticks;
}

}  // namespace seq2seq::study
