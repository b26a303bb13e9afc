#include "seq2seq/nn/kernels/recurrence/recurrence.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <torch/utils.h>

#include "seq2seq/nn/recurrent/lstm_pass.h"
#include "test/support/catch.h"
#include "test/support/gpu.h"

namespace seq2seq::nn::kernels {
namespace {

using at::Tensor;

struct RecurrenceCase {
  int64_t cells;
  std::vector<int64_t> running;
  RecurrenceShape shape;
};

RecurrenceShape shape_of(int64_t cells, int64_t groups, int rows_per_lane) {
  return {.groups = groups, .blocks = (cells + block_cells - 1) / block_cells, .rows_per_lane = rows_per_lane};
}

/// Sizes that are no multiples of a tile; more sentences than a tile, one sentence, one step, empty groups.
std::vector<RecurrenceCase> recurrence_cases() {
  return {{1, {1}, shape_of(1, 1, 1)},
          {8, {3, 3, 1}, shape_of(8, 1, 1)},
          {13, {70, 41, 33, 2, 1}, shape_of(13, 2, 1)},
          {37, {5, 5, 4, 4, 4, 1, 1}, shape_of(37, 3, 2)},
          {40, {150, 149, 7}, shape_of(40, 1, 4)},
          {9, {2, 1}, shape_of(9, 5, 4)}};
}

Tensor any(at::IntArrayRef shape) { return at::rand(shape) * 2 - 1; }

/// The operands of an LSTM layer, and the gradients from above. The weights shrink with the width, as initial weights
/// do: in [-1, 1] a layer of 256 cells is chaotic, and any float32 result differs from double by 0.1 after 25 steps.
struct LayerOperands {
  explicit LayerOperands(const RecurrenceCase& of) : steps(of.running), width(of.cells) {
    torch::manual_seed(5);
    const int64_t input = 3, sentences = steps.sentences(0);
    const auto weight = [&](at::IntArrayRef shape) { return any(shape) / std::sqrt(static_cast<double>(width)); };
    weights = {weight({4 * width, input}), weight({4 * width, width}), weight({4 * width}), weight({4 * width})};
    x = any({steps.rows(), input});
    hidden = any({sentences, width});
    cell = any({sentences, width});
    from_above = any({steps.rows(), width});
    to_hidden = any({sentences, width});
    to_cell = any({sentences, width});
  }

  LayerOperands to(const at::TensorOptions& options) const {
    auto other = *this;
    for (auto* tensor :
         {&other.weights.input, &other.weights.hidden, &other.weights.input_bias, &other.weights.hidden_bias, &other.x,
          &other.hidden, &other.cell, &other.from_above, &other.to_hidden, &other.to_cell})
      *tensor = tensor->to(options).clone();
    return other;
  }

  /// Returns the operands, with results that are NaN.
  LstmForward forward() const {
    const auto poisoned = [&](int64_t numbers) { return at::full({steps.rows(), numbers}, NAN, x.options()); };
    return {.x = x,
            .hidden = hidden,
            .cell = cell,
            .weights = weights,
            .panels = {},
            .gates = poisoned(4 * width),
            .cells = poisoned(width),
            .rows = poisoned(width)};
  }

  LstmBackward backward(const LstmForward& pass, bool above) const {
    return {.forward = pass,
            .from_above = above ? from_above : Tensor(),
            .hidden = to_hidden.clone(),
            .cell = to_cell.clone(),
            .x = {},
            .input = {},
            .weight = {},
            .bias = {},
            .sums = at::full({steps.rows(), 4 * width}, NAN, x.options())};
  }

  Steps steps;
  int64_t width;
  LstmWeights weights;
  Tensor x, hidden, cell, from_above, to_hidden, to_cell;
};

void check_near(const Tensor& found, const Tensor& expected) {
  CHECK(at::allclose(found.cpu().to(at::kDouble), expected, 1e-5, 1e-5));
}

void check_near(const LstmForward& found, const LstmForward& expected) {
  check_near(found.gates, expected.gates);
  check_near(found.cells, expected.cells);
  check_near(found.rows, expected.rows);
}

void check_near(const LstmBackward& found, const LstmBackward& expected) {
  check_near(found.sums, expected.sums);
  check_near(found.hidden, expected.hidden);
  check_near(found.cell, expected.cell);
}

void forward_on_host(const LstmForward& pass, const LayerOperands& of, const RecurrenceShape& shape, uint64_t seed) {
  pass.gates.copy_(of.x.mm(of.weights.input.t()) + of.weights.input_bias + of.weights.hidden_bias);
  lstm_recurrence_on_host(LstmRecurrence{.weight = of.weights.hidden.const_data_ptr<float>(),
                                         .hidden = of.hidden.const_data_ptr<float>(),
                                         .cell = of.cell.const_data_ptr<float>(),
                                         .offsets = of.steps.offsets.data(),
                                         .gates = pass.gates.data_ptr<float>(),
                                         .cells = pass.cells.data_ptr<float>(),
                                         .rows = pass.rows.data_ptr<float>(),
                                         .steps = of.steps.count(),
                                         .width = of.width},
                          shape, seed);
}

void backward_on_host(const LstmBackward& pass, const LayerOperands& of, const RecurrenceShape& shape, uint64_t seed) {
  const bool above = pass.from_above.defined();
  lstm_recurrence_on_host(
      LstmRecurrenceBackward{.weight = of.weights.hidden.const_data_ptr<float>(),
                             .gates = pass.forward.gates.const_data_ptr<float>(),
                             .cells = pass.forward.cells.const_data_ptr<float>(),
                             .cell_before = of.cell.const_data_ptr<float>(),
                             .from_above = above ? pass.from_above.const_data_ptr<float>() : nullptr,
                             .offsets = of.steps.offsets.data(),
                             .hidden = pass.hidden.data_ptr<float>(),
                             .cell = pass.cell.data_ptr<float>(),
                             .sums = pass.sums.data_ptr<float>(),
                             .steps = of.steps.count(),
                             .width = of.width},
      shape, seed);
}

TEST_CASE("recurrence kernel: on the host, forward and backward give the equations in double, in any order of blocks",
          "[nn][kernels][gradient]") {
  const auto of = GENERATE(from_range(recurrence_cases()));
  const bool above = GENERATE(true, false);
  CAPTURE(of.cells, of.running, of.shape.groups, of.shape.rows_per_lane);
  const LayerOperands single(of), exact = single.to(at::kDouble);
  const auto expected = exact.forward();
  lstm_forward_plain(expected, exact.steps);
  const auto expected_back = exact.backward(expected, above);
  lstm_backward_plain(expected_back, exact.steps, LstmWork::steps);
  LstmForward first = single.forward();
  LstmBackward first_back = single.backward(first, above);
  for (const uint64_t seed : {1, 2}) {
    const auto found = single.forward();
    forward_on_host(found, single, of.shape, seed);
    check_near(found, expected);
    const auto back = single.backward(found, above);
    backward_on_host(back, single, of.shape, seed);
    check_near(back, expected_back);
    if (seed == 1) {
      first = found;
      first_back = back;
    }
    CHECK(found.rows.equal(first.rows));  // the same bits for any order of blocks
    CHECK(back.sums.equal(first_back.sums));
  }
}

TEST_CASE("recurrence kernel: its shape fits the GPU or there is none", "[nn][kernels]") {
  const GpuLimits large{.multiprocessors = 132, .shared_bytes = 227 * 1024};
  const auto at = [&](int64_t cells, int64_t sentences) { return recurrence_shape(cells, sentences, large); };
  CHECK(at(256, 128)->groups == 4);
  CHECK(at(256, 128)->rows_per_lane == 1);
  CHECK(at(512, 128)->groups == 2);
  CHECK(at(512, 128)->rows_per_lane == 2);
  CHECK(at(1000, 128)->groups == 1);
  CHECK(at(1000, 128)->blocks == 125);
  CHECK(at(1000, 128)->rows_per_lane == 4);
  CHECK(at(16, 3)->groups == 1);
  CHECK_FALSE(at(1100, 128).has_value());  // more blocks than multiprocessors
  CHECK_FALSE(recurrence_shape(1000, 128, {.multiprocessors = 132, .shared_bytes = 100 * 1024}).has_value());
  CHECK_FALSE(recurrence_shape(8, 1, {}).has_value());
  for (int64_t cells = 1; cells < 1100; cells += 7) {
    for (const int64_t sentences : {1, 31, 200, 5000}) {
      const auto shape = at(cells, sentences);
      if (!shape) continue;
      CHECK(shape->groups * shape->blocks <= large.multiprocessors);
      CHECK(shape->blocks * block_cells >= cells);
      CHECK(shape->shared_bytes <= large.shared_bytes);
    }
  }
}

void check_on_gpu(c10::Device device, const RecurrenceCase& of) {
  CAPTURE(of.cells, of.running);
  const test::GpuKernels on("lstm");
  const LayerOperands single(of), exact = single.to(at::kDouble), there = single.to(device);
  const auto expected = exact.forward();
  lstm_forward_plain(expected, exact.steps);
  const auto expected_back = exact.backward(expected, true);
  lstm_backward_plain(expected_back, exact.steps, LstmWork::steps);
  std::vector<Tensor> bits;
  for (int turn = 0; turn < 2; ++turn) {
    const auto found = there.forward();
    REQUIRE(lstm_forward_one_launch(found, there.steps));
    check_near(found, expected);
    const auto back = there.backward(found, true);
    REQUIRE(lstm_backward_one_launch(back, there.steps, LstmWork::steps));
    check_near(back, expected_back);
    bits.push_back(found.rows);
    bits.push_back(back.sums);
  }
  CHECK(bits[0].equal(bits[2]));
  CHECK(bits[1].equal(bits[3]));
}

TEST_CASE("recurrence kernel: on a GPU, a layer by one launch gives the equations in double, and the same bits twice",
          "[nn][kernels][gradient][gpu][small]") {
  const auto device = test::gpu();
  if (device) check_on_gpu(*device, GENERATE(from_range(recurrence_cases())));
}

TEST_CASE("recurrence kernel: on a GPU, layers that fill it give the equations in double, and the same bits twice",
          "[nn][kernels][gradient][gpu]") {
  const auto device = test::gpu();
  if (!device) return;
  const std::vector<RecurrenceCase> large{{256, std::vector<int64_t>(25, 128), {}},
                                          {512, {300, 128, 33, 1}, {}},
                                          {1000, {128, 128, 100, 64, 3}, {}},
                                          {64, std::vector<int64_t>(1000, 2), {}}};
  check_on_gpu(*device, GENERATE_COPY(from_range(large)));
}

}  // namespace
}  // namespace seq2seq::nn::kernels
