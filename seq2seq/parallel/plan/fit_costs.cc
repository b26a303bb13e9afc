#include "seq2seq/parallel/plan/fit_costs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

namespace seq2seq::parallel {
namespace {

/// Solves the normal equations for some of the three unknowns by elimination; the others are 0.
std::array<double, 3> solve(const std::array<std::array<double, 3>, 3>& products, const std::array<double, 3>& right,
                            unsigned chosen) {
  std::vector<size_t> unknowns;
  for (size_t each = 0; each < 3; ++each)
    if ((chosen >> each & 1U) != 0) unknowns.push_back(each);
  std::vector<std::vector<double>> rows;
  for (const size_t i : unknowns) {
    std::vector<double> row;
    row.reserve(4);
    for (const size_t j : unknowns) row.push_back(products[i][j]);
    row.push_back(right[i]);
    rows.push_back(std::move(row));
  }
  const size_t count = unknowns.size();
  for (size_t pivot = 0; pivot < count; ++pivot) {
    if (std::abs(rows[pivot][pivot]) < 1e-300) return {-1, -1, -1};
    for (size_t row = 0; row < count; ++row) {
      if (row == pivot) continue;
      const double factor = rows[row][pivot] / rows[pivot][pivot];
      for (size_t column = 0; column <= count; ++column) rows[row][column] -= factor * rows[pivot][column];
    }
  }
  std::array<double, 3> solution{0, 0, 0};
  for (size_t each = 0; each < count; ++each) solution[unknowns[each]] = rows[each][count] / rows[each][each];
  return solution;
}

}  // namespace

std::vector<double> fit_costs(const std::vector<CostSample>& samples) {
  std::array<std::array<double, 3>, 3> products{};
  std::array<double, 3> right{};
  for (const auto& sample : samples) {
    if (sample.seconds <= 0) continue;
    const std::array<double, 3> row{1 / sample.seconds, sample.steps / sample.seconds,
                                    sample.millions / sample.seconds};
    for (size_t i = 0; i < 3; ++i) {
      right[i] += row[i];
      for (size_t j = 0; j < 3; ++j) products[i][j] += row[i] * row[j];
    }
  }
  std::array<double, 3> best{0, 0, 0};
  double most = 0;  // largest decrease of the sum of squares
  for (unsigned chosen = 1; chosen < 8; ++chosen) {
    const auto solution = solve(products, right, chosen);
    if (std::ranges::any_of(solution, [](double cost) { return !(cost >= 0); })) continue;
    double fall = 0;
    for (size_t i = 0; i < 3; ++i) {
      fall += 2 * solution[i] * right[i];
      for (size_t j = 0; j < 3; ++j) fall -= solution[i] * products[i][j] * solution[j];
    }
    if (fall > most * (1 + 1e-12)) {
      most = fall;
      best = solution;
    }
  }
  return {best.begin(), best.end()};
}

}  // namespace seq2seq::parallel
