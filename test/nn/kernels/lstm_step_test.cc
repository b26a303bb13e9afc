#include <cmath>
#include <vector>

#include "seq2seq/nn/kernels/lstm/step.h"
#include "test/nn/kernels/random_values.h"
#include "test/nn/kernels/variants.h"
#include "test/support/catch.h"

namespace seq2seq::nn::kernels {
namespace {

using namespace seq2seq::test;

template <class Real>
struct Run {
  std::vector<Real> gates, cell, hidden, gate_gradient, cell_gradient;
};

struct Inputs {
  Inputs(int64_t rows, int64_t cells, unsigned seed)
      : rows(rows),
        cells(cells),
        weight(random_values(4 * cells * cells, seed, 0.3F)),
        hidden_before(random_values(rows * cells, seed + 1)),
        cell_before(random_values(rows * cells, seed + 2, 3.0F)),
        sums(random_values(4 * rows * cells, seed + 3, 3.0F)),
        above(random_values(rows * cells, seed + 4, 3.0F)),
        later(random_values(rows * cells, seed + 5, 3.0F)),
        cell_gradient(random_values(rows * cells, seed + 6, 3.0F)) {}
  int64_t rows, cells;
  std::vector<float> weight, hidden_before, cell_before, sums, above, later, cell_gradient;
};

/// Computes the equations number by number in double. Shares no code with the library.
Run<double> by_the_equations(const Inputs& in, bool with_above) {
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  const auto count = static_cast<size_t>(in.rows * in.cells);
  Run<double> run{.gates = std::vector<double>(4 * count),
                  .cell = std::vector<double>(count),
                  .hidden = std::vector<double>(count),
                  .gate_gradient = std::vector<double>(4 * count),
                  .cell_gradient = std::vector<double>(count)};
  const auto cells = static_cast<size_t>(in.cells);
  for (size_t row = 0; row < static_cast<size_t>(in.rows); ++row) {
    for (size_t j = 0; j < cells; ++j) {
      double gate[4];
      for (size_t g = 0; g < 4; ++g) {
        double sum = in.sums[(row * 4 + g) * cells + j];
        for (size_t k = 0; k < cells; ++k) {
          sum += static_cast<double>(in.weight[(g * cells + j) * cells + k]) * in.hidden_before[row * cells + k];
        }
        gate[g] = run.gates[(row * 4 + g) * cells + j] = g == 2 ? std::tanh(sum) : sigmoid(sum);
      }
      const size_t at = row * cells + j;
      const auto [i, f, g, o] = gate;
      run.cell[at] = f * in.cell_before[at] + i * g;
      run.hidden[at] = o * std::tanh(run.cell[at]);

      const double dh = static_cast<double>(in.later[at]) + (with_above ? in.above[at] : 0.0F);
      const double t = std::tanh(run.cell[at]);
      const double dc = in.cell_gradient[at] + dh * o * (1 - t * t);
      const double of_sums[4] = {dc * g * i * (1 - i), dc * in.cell_before[at] * f * (1 - f), dc * i * (1 - g * g),
                                 dh * t * o * (1 - o)};
      for (size_t gate_number = 0; gate_number < 4; ++gate_number) {
        run.gate_gradient[(row * 4 + gate_number) * cells + j] = of_sums[gate_number];
      }
      run.cell_gradient[at] = dc * f;
    }
  }
  return run;
}

/// Runs forward and backward by the kernels of an instruction set, with the cells in two parts as for two threads.
Run<float> by_kernels(const LstmKernels& kernel, const Inputs& in, bool with_above) {
  const auto count = static_cast<size_t>(in.rows * in.cells);
  Run<float> run{.gates = in.sums,
                 .cell = std::vector<float>(count, NAN),
                 .hidden = std::vector<float>(count, NAN),
                 .gate_gradient = std::vector<float>(4 * count, NAN),
                 .cell_gradient = in.cell_gradient};
  std::vector<float> packed(static_cast<size_t>(kernel.packed_size(in.cells)), NAN);
  const int64_t middle = std::min(in.cells, kernel.share);
  const LstmStep step{.hidden_before = in.hidden_before.data(),
                      .cell_before = in.cell_before.data(),
                      .gates = run.gates.data(),
                      .cell = run.cell.data(),
                      .hidden = run.hidden.data(),
                      .rows = in.rows,
                      .cells = in.cells};
  const LstmStepGradient gradient{.gates = run.gates.data(),
                                  .cell_before = in.cell_before.data(),
                                  .cell = run.cell.data(),
                                  .from_above = with_above ? in.above.data() : nullptr,
                                  .from_later = in.later.data(),
                                  .gate_gradient = run.gate_gradient.data(),
                                  .cell_gradient = run.cell_gradient.data(),
                                  .rows = in.rows,
                                  .cells = in.cells};
  for (const Cells own : {Cells{0, middle}, Cells{middle, in.cells}}) {
    kernel.pack(in.weight.data(), in.cells, own, packed.data());
    kernel.forward(step, packed.data(), own);
    kernel.backward(gradient, own);
  }
  return run;
}

double largest_difference(const std::vector<float>& a, const std::vector<double>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    largest = std::isnan(difference) ? difference : std::max(largest, difference);
    if (std::isnan(largest)) break;
  }
  return largest;
}

TEST_CASE("lstm step: every instruction set computes the equations", "[nn][kernels][lstm]") {
  const auto variant = GENERATE_COPY(from_range(variants()));
  const auto [rows, cells] = GENERATE(
      table<int64_t, int64_t>({{1, 1}, {3, 7}, {2, 8}, {5, 17}, {4, 32}, {2, 47}, {13, 33}, {7, 16}, {6, 64}}));
  const auto seed = GENERATE(10U, 20U);
  const bool with_above = GENERATE(true, false);
  CAPTURE(variant, rows, cells, seed, with_above);
  const Inputs inputs(rows, cells, seed);
  auto operands = inputs;
  operands.weight = variant.operand(inputs.weight);
  operands.hidden_before = variant.operand(inputs.hidden_before);
  const auto ours = by_kernels(lstm_kernels(variant.isa, variant.operands), inputs, with_above);
  const auto exact = by_the_equations(operands, with_above);

  // A few units in the last place of sums up to 10 (forward) and of products of them (gradients).
  CHECK(largest_difference(ours.gates, exact.gates) < 2e-6);
  CHECK(largest_difference(ours.cell, exact.cell) < 5e-6);
  CHECK(largest_difference(ours.hidden, exact.hidden) < 3e-6);
  CHECK(largest_difference(ours.gate_gradient, exact.gate_gradient) < 2e-5);
  CHECK(largest_difference(ours.cell_gradient, exact.cell_gradient) < 2e-5);
}

/// One sentence, one cell, no recurrent weight: gates, c and h.
struct One {
  One(Isa isa, std::vector<float> sums, float before) : gates(std::move(sums)), cell_before{before} {
    const auto kernel = lstm_kernels(isa);
    const std::vector<float> weight(4, 0.0F);
    std::vector<float> packed(static_cast<size_t>(kernel.packed_size(1)));
    kernel.pack(weight.data(), 1, {0, 1}, packed.data());
    kernel.forward({hidden_before.data(), cell_before.data(), gates.data(), cell.data(), hidden.data(), 1, 1},
                   packed.data(), {0, 1});
  }
  std::vector<float> gates, hidden_before{0}, cell_before, cell{0}, hidden{0};
};

TEST_CASE("lstm step: sigmoid and tanh keep within a few units of the last place over their whole range",
          "[nn][kernels][lstm]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  CAPTURE(name(isa));
  double worst_sigmoid = 0;
  double worst_tanh = 0;
  for (float x = -80; x < 80; x += 0.0078125F) {
    const One one(isa, {x, x, x, x}, 0);
    const double sigmoid = 1 / (1 + std::exp(-static_cast<double>(x)));
    worst_sigmoid = std::max(worst_sigmoid, std::abs(one.gates[0] - sigmoid) / sigmoid);
    const double tanh = std::tanh(static_cast<double>(x));
    if (x != 0) worst_tanh = std::max(worst_tanh, std::abs((one.gates[2] - tanh) / tanh));
  }
  const double unit = 1.2e-7;  // 2^-23
  CHECK(worst_sigmoid < 4 * unit);
  CHECK(worst_tanh < 4 * unit);
}

TEST_CASE("lstm step: what is not a number stays visible", "[nn][kernels][lstm]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto bad = GENERATE(0, 1, 2, 3);
  CAPTURE(name(isa), bad);
  std::vector<float> sums{0, 0, 0, 0};
  sums[static_cast<size_t>(bad)] = NAN;
  CHECK(std::isnan(One(isa, sums, 1).hidden[0]));
}

}  // namespace
}  // namespace seq2seq::nn::kernels
