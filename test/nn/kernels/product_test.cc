#include "seq2seq/nn/kernels/product/product.h"

#include <cmath>
#include <vector>

#include "test/nn/kernels/random_values.h"
#include "test/support/catch.h"

namespace seq2seq::nn::kernels {
namespace {

using namespace seq2seq::test;

/// The sum as it is written, in double.
double exact(const std::vector<float>& left, const std::vector<float>& right, double start, int64_t row, int64_t column,
             int64_t depth, int64_t columns) {
  double sum = start;
  for (int64_t k = 0; k < depth; ++k) {
    sum += static_cast<double>(left[static_cast<size_t>(row * depth + k)]) *
           right[static_cast<size_t>(k * columns + column)];
  }
  return sum;
}

std::vector<float> transposed(const std::vector<float>& values, int64_t rows, int64_t columns) {
  std::vector<float> result(values.size());
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      result[static_cast<size_t>(column * rows + row)] = values[static_cast<size_t>(row * columns + column)];
    }
  }
  return result;
}

TEST_CASE("product: every instruction set, from either layout, equals the sum in double", "[nn][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto kernel = product_kernels(isa);
  const int64_t rows = GENERATE(range(int64_t{1}, int64_t{27}));
  const int64_t depth = GENERATE(0, 1, 37);
  const int64_t columns = GENERATE_COPY(filter([=](int64_t count) { return count <= kernel.columns; },
                                               values<int64_t>({1, 7, 8, 9, 15, 16, 17, 31, 32})));
  const bool turned = GENERATE(true, false), start_last = turned;
  CAPTURE(name(isa), rows, depth, columns, turned);
  const auto left = random_values(rows * depth, 1), right = random_values(depth * columns, 2),
             start = random_values(rows * columns, 3);

  std::vector<float> panel(static_cast<size_t>(depth * kernel.columns), NAN);
  const auto other_left = transposed(left, rows, depth), other_right = transposed(right, depth, columns);
  if (turned) {
    kernel.pack_transposed(other_right.data(), depth, depth, columns, panel.data());
  } else {
    kernel.pack(right.data(), columns, depth, columns, panel.data());
  }
  // One float beyond the columns in every row of `out` shows whether more than them is written.
  const int64_t stride = columns + 1;
  std::vector<float> out(static_cast<size_t>(rows * stride), 77.0F);
  kernel.multiply({.left = turned ? other_left.data() : left.data(),
                   .row_stride = turned ? 1 : depth,
                   .depth_stride = turned ? rows : 1,
                   .panel = panel.data(),
                   .start = start.data(),
                   .start_stride = columns,
                   .out = out.data(),
                   .out_stride = stride,
                   .rows = rows,
                   .depth = depth,
                   .columns = columns,
                   .start_last = start_last});
  double worst = 0;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const double expected =
          exact(left, right, start[static_cast<size_t>(row * columns + column)], row, column, depth, columns);
      worst = std::max(worst, std::abs(out[static_cast<size_t>(row * stride + column)] - expected));
    }
    CHECK(out[static_cast<size_t>(row * stride + columns)] == 77.0F);
  }
  CHECK(worst < 1e-5);
}

TEST_CASE("product: a scaled panel holds each row times its factor, and zeros beyond the columns", "[nn][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto kernel = product_kernels(isa);
  const int64_t depth = 7, stride = kernel.columns + 3;
  const int64_t columns = GENERATE_COPY(filter([=](int64_t count) { return count <= kernel.columns; },
                                               values<int64_t>({1, 7, 8, 9, 15, 16, 17, 31, 32})));
  CAPTURE(name(isa), columns);
  const auto from = random_values(depth * stride, 1), scale = random_values(depth, 2);
  std::vector<float> panel(static_cast<size_t>(depth * kernel.columns), NAN);
  kernel.pack_scaled(from.data(), stride, scale.data(), depth, columns, panel.data());
  for (int64_t k = 0; k < depth; ++k) {
    for (int64_t column = 0; column < kernel.columns; ++column) {
      const float expected =
          column < columns ? scale[static_cast<size_t>(k)] * from[static_cast<size_t>(k * stride + column)] : 0;
      CHECK(panel[static_cast<size_t>(k * kernel.columns + column)] == expected);
    }
  }
}

TEST_CASE("product: a row's sums are the same bits alone and among others", "[nn][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  CAPTURE(name(isa));
  const auto kernel = product_kernels(isa);
  const int64_t rows = 29, depth = 300, columns = kernel.columns;
  const auto left = random_values(rows * depth, 1), panel = random_values(depth * columns, 2),
             start = random_values(columns, 3);
  const auto multiply = [&](int64_t first, int64_t count, float* out) {
    kernel.multiply({.left = left.data() + first * depth,
                     .row_stride = depth,
                     .depth_stride = 1,
                     .panel = panel.data(),
                     .start = start.data(),
                     .start_stride = 0,
                     .out = out,
                     .out_stride = columns,
                     .rows = count,
                     .depth = depth,
                     .columns = columns});
  };
  std::vector<float> all(static_cast<size_t>(rows * columns)), alone(all.size());
  multiply(0, rows, all.data());
  for (int64_t row = 0; row < rows; ++row) multiply(row, 1, alone.data() + row * columns);
  CHECK(all == alone);
}

}  // namespace
}  // namespace seq2seq::nn::kernels
