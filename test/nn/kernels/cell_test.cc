#include "seq2seq/nn/kernels/lstm/cell.h"

#include <cmath>
#include <random>
#include <vector>

#include "test/support/catch.h"

namespace seq2seq::nn::kernels {
namespace {

using namespace seq2seq::test;

struct Buffers {
  std::vector<float> gates, before, cell, hidden, above, later, gate_gradient, cell_gradient;
};

Buffers random_buffers(int64_t rows, int64_t cells, unsigned seed, float scale) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-scale, scale);
  const auto filled = [&](int64_t count) {
    std::vector<float> values(static_cast<size_t>(count));
    for (auto& value : values) value = uniform(generator);
    return values;
  };
  const int64_t n = rows * cells;
  return {filled(4 * n), filled(n), filled(n), filled(n), filled(n), filled(n), filled(4 * n), filled(n)};
}

template <class Real>
struct Run {
  std::vector<Real> gates, cell, hidden, gate_gradient, cell_gradient;
};

/// Forward and backward of one step by the given functions, in their own precision.
template <class Real, class Forward, class Backward>
Run<Real> run(const Buffers& from, int64_t rows, int64_t cells, bool with_above, Forward forward, Backward backward) {
  const auto converted = [](const std::vector<float>& values) {
    return std::vector<Real>(values.begin(), values.end());
  };
  Run<Real> run{converted(from.gates), converted(from.cell), converted(from.hidden), converted(from.gate_gradient),
                converted(from.cell_gradient)};
  const auto before = converted(from.before), above = converted(from.above), later = converted(from.later);
  forward(LstmCell<Real>{run.gates.data(), before.data(), run.cell.data(), run.hidden.data(), rows, cells});
  backward(LstmCellGradient<Real>{run.gates.data(), before.data(), run.cell.data(), with_above ? above.data() : nullptr,
                                  later.data(), run.gate_gradient.data(), run.cell_gradient.data(), rows, cells});
  return run;
}

double largest_difference(const std::vector<float>& a, const std::vector<double>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST_CASE("lstm cell: every instruction set computes the equations of the reference in double", "[nn][kernels][lstm]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto [rows, cells] = GENERATE(table<int64_t, int64_t>({{1, 1}, {3, 7}, {2, 8}, {5, 17}, {4, 32}, {2, 47}}));
  const auto seed = GENERATE(range(1U, 4U));
  const bool with_above = GENERATE(true, false);
  CAPTURE(name(isa), rows, cells, seed, with_above);
  const auto from = random_buffers(rows, cells, seed, 3.0F);

  const auto kernels = lstm_cell(isa);
  const auto ours = run<float>(from, rows, cells, with_above, kernels.forward, kernels.backward);
  const auto exact = run<double>(
      from, rows, cells, with_above, [](const LstmCell<double>& step) { lstm_cell_reference(step); },
      [](const LstmCellGradient<double>& step) { lstm_cell_reference(step); });

  // A few units in the last place of numbers up to 3 (forward) and up to 10 (gradients).
  CHECK(largest_difference(ours.gates, exact.gates) < 3e-7);
  CHECK(largest_difference(ours.cell, exact.cell) < 1e-6);
  CHECK(largest_difference(ours.hidden, exact.hidden) < 5e-7);
  CHECK(largest_difference(ours.gate_gradient, exact.gate_gradient) < 5e-6);
  CHECK(largest_difference(ours.cell_gradient, exact.cell_gradient) < 5e-6);
}

TEST_CASE("lstm cell: sigmoid and tanh keep within a few units of the last place over their whole range",
          "[nn][kernels][lstm]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  CAPTURE(name(isa));
  double worst_sigmoid = 0;
  double worst_tanh = 0;
  for (float x = -80; x < 80; x += 0.0078125F) {
    std::vector<float> gates{x, x, x, x}, before{0}, cell{0}, hidden{0};
    lstm_cell(isa).forward({gates.data(), before.data(), cell.data(), hidden.data(), 1, 1});
    const double sigmoid = 1 / (1 + std::exp(-static_cast<double>(x)));
    worst_sigmoid = std::max(worst_sigmoid, std::abs(gates[0] - sigmoid) / sigmoid);
    const double tanh = std::tanh(static_cast<double>(x));
    if (x != 0) worst_tanh = std::max(worst_tanh, std::abs((gates[2] - tanh) / tanh));
  }
  const double unit = 1.2e-7;  // 2^-23
  CHECK(worst_sigmoid < 4 * unit);
  CHECK(worst_tanh < 4 * unit);
}

TEST_CASE("lstm cell: what is not a number stays visible", "[nn][kernels][lstm]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto bad = GENERATE(0, 1, 2, 3);
  CAPTURE(name(isa), bad);
  std::vector<float> gates{0, 0, 0, 0}, before{1}, cell{0}, hidden{0};
  gates[static_cast<size_t>(bad)] = NAN;
  lstm_cell(isa).forward({gates.data(), before.data(), cell.data(), hidden.data(), 1, 1});
  CHECK(std::isnan(hidden[0]));
}

}  // namespace
}  // namespace seq2seq::nn::kernels
