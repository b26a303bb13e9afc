#include "seq2seq/nn/kernels/product/product.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "seq2seq/nn/kernels/product/bf16_speed.h"
#include "test/nn/kernels/random_values.h"
#include "test/nn/kernels/variants.h"
#include "test/support/catch.h"

namespace seq2seq::nn::kernels {
namespace {

using namespace seq2seq::test;

/// Computes the sum by its definition, in double.
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

TEST_CASE("product: every instruction set, from either layout, equals the sum of the operands in double",
          "[nn][kernels]") {
  const auto variant = GENERATE_COPY(from_range(variants()));
  const auto kernel = product_kernels(variant.isa, variant.operands);
  const int64_t rows = GENERATE(range(int64_t{1}, int64_t{27}));
  const int64_t depth = GENERATE(0, 1, 2, 37, 300);  // kernels for bf16 round 256 numbers of the depth at once
  const int64_t columns = GENERATE_COPY(filter([=](int64_t count) { return count <= kernel.columns; },
                                               values<int64_t>({1, 7, 8, 9, 15, 16, 17, 31, 32, 50, 64})));
  const bool turned = GENERATE(true, false), start_last = turned;
  CAPTURE(variant, rows, depth, columns, turned);
  const auto left = random_values(rows * depth, 1), right = random_values(depth * columns, 2),
             start = random_values(rows * columns, 3);

  std::vector<float> panel(static_cast<size_t>(depth * kernel.columns), NAN);
  const auto other_left = transposed(left, rows, depth), other_right = transposed(right, depth, columns);
  if (turned) {
    kernel.pack_transposed(other_right.data(), depth, depth, columns, panel.data());
  } else {
    kernel.pack(right.data(), columns, depth, columns, panel.data());
  }
  // One float after the columns in every row of `out` shows whether the kernel writes too much.
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
  const auto left_operand = variant.operand(left), right_operand = variant.operand(right);
  double worst = 0;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const double expected = exact(left_operand, right_operand, start[static_cast<size_t>(row * columns + column)],
                                    row, column, depth, columns);
      worst = std::max(worst, std::abs(out[static_cast<size_t>(row * stride + column)] - expected));
    }
    CHECK(out[static_cast<size_t>(row * stride + columns)] == 77.0F);
  }
  CHECK(worst < (depth > 100 ? 5e-5 : 1e-5));  // the rounding of float32 sums
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

TEST_CASE("product: bf16 operands are rounded as LibTorch rounds them, scaled ones after scaling", "[nn][kernels]") {
  const auto variant = GENERATE_COPY(from_range(bf16_variants()));
  CAPTURE(variant);
  const auto kernel = product_kernels(variant.isa, variant.operands);
  // Ties to even, in both directions; the last number below infinity; numbers that differ only in float32.
  const std::vector<float> numbers{1.00390625F, 1.01171875F, -1.00390626F, 3.4e38F, 3.39e38F, 1e-37F, 0.1F, INFINITY};
  const auto depth = static_cast<int64_t>(numbers.size());
  const std::vector<float> scale{1, 3, 0.1F, 1, 1, 1, 7, 1};
  std::vector<float> panel(static_cast<size_t>(kernel.columns)), one{1.0F}, out(1);
  const auto times_one = [&](const std::vector<float>& left) {
    kernel.multiply({left.data(), 1, 1, panel.data(), nullptr, 0, out.data(), 1, 1, 1, 1});
    return out[0];
  };
  for (int64_t k = 0; k < depth; ++k) {
    const float number = numbers[static_cast<size_t>(k)], factor = scale[static_cast<size_t>(k)];
    CAPTURE(number);
    kernel.pack(&number, 1, 1, 1, panel.data());
    CHECK(times_one({1.0F}) == variant.operand(number));
    kernel.pack_transposed(&number, 1, 1, 1, panel.data());
    CHECK(times_one({1.0F}) == variant.operand(number));
    kernel.pack_scaled(&number, 1, &factor, 1, 1, panel.data());
    CHECK(times_one({1.0F}) == variant.operand(factor * number));
    kernel.pack(one.data(), 1, 1, 1, panel.data());
    CHECK(times_one({number}) == variant.operand(number));
    CHECK(rounded_to_bf16(number) == variant.operand(number));
  }
  CHECK(std::isnan(times_one({NAN})));
  const float not_a_number = NAN;
  kernel.pack(&not_a_number, 1, 1, 1, panel.data());
  CHECK(std::isnan(times_one({1.0F})));
}

TEST_CASE("product: a scaled bf16 panel holds each row times its factor, rounded", "[nn][kernels]") {
  const auto variant = GENERATE_COPY(from_range(bf16_variants()));
  const auto kernel = product_kernels(variant.isa, variant.operands);
  const int64_t depth = 7, stride = kernel.columns + 3;
  const int64_t columns = GENERATE_COPY(
      filter([=](int64_t count) { return count <= kernel.columns; }, values<int64_t>({1, 15, 16, 17, 50, 64})));
  CAPTURE(variant, columns);
  const auto from = random_values(depth * stride, 1), scale = random_values(depth, 2);
  std::vector<float> panel(static_cast<size_t>(depth * kernel.columns), NAN), out(static_cast<size_t>(columns));
  kernel.pack_scaled(from.data(), stride, scale.data(), depth, columns, panel.data());
  for (int64_t k = 0; k < depth; ++k) {
    std::vector<float> row(static_cast<size_t>(depth));  // only the kth
    row[static_cast<size_t>(k)] = 1;
    kernel.multiply({row.data(), depth, 1, panel.data(), nullptr, 0, out.data(), columns, 1, depth, columns});
    for (int64_t column = 0; column < columns; ++column) {
      const float scaled = scale[static_cast<size_t>(k)] * from[static_cast<size_t>(k * stride + column)];
      CHECK(out[static_cast<size_t>(column)] == variant.operand(scaled));
    }
  }
}

TEST_CASE("product: a row's sums are the same bits alone and among others", "[nn][kernels]") {
  const auto variant = GENERATE_COPY(from_range(variants()));
  CAPTURE(variant);
  const auto kernel = product_kernels(variant.isa, variant.operands);
  const int64_t rows = 29, depth = 300, columns = kernel.columns;
  const auto left = random_values(rows * depth, 1), right = random_values(depth * columns, 2),
             start = random_values(columns, 3);
  std::vector<float> panel(right.size());
  kernel.pack(right.data(), columns, depth, columns, panel.data());
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

TEST_CASE("product: the speed in bf16 is a ratio where there are such products", "[nn][kernels]") {
  if (!has_bf16_products()) {
    WARN("skipped: no AVX512-BF16");
    return;
  }
  const double speed = measure_bf16_speed();
  CHECK(std::isfinite(speed));
  CHECK(speed > 0);
}

TEST_CASE("product: several panels at once give the bits of one after the other", "[nn][kernels]") {
  const auto variant = GENERATE_COPY(from_range(variants()));
  const auto kernel = product_kernels(variant.isa, variant.operands);
  const int64_t rows = GENERATE(1, 12, 13, 47, 48, 61, 100);
  const int64_t depth = GENERATE(1, 37, 256, 300);  // 256: the most that is packed at once
  const int64_t columns = GENERATE(5, 33, 64, 97, 130);
  const bool turned = GENERATE(true, false), start_last = GENERATE(true, false);
  CAPTURE(variant, rows, depth, columns, turned, start_last);
  const auto left = random_values(rows * depth, 1), right = random_values(depth * columns, 2),
             start = random_values(rows * columns, 3);
  const int64_t panel_stride = depth * kernel.columns;
  std::vector<float> panels(static_cast<size_t>(kernel.panels(columns) * panel_stride));
  for (int64_t panel = 0; panel < kernel.panels(columns); ++panel) {
    const int64_t first = panel * kernel.columns;
    kernel.pack(right.data() + first, columns, depth, std::min(kernel.columns, columns - first),
                panels.data() + panel * panel_stride);
  }
  std::vector<float> together(start.size()), alone(start.size());
  Product product{.left = left.data(),
                  .row_stride = turned ? 1 : depth,
                  .depth_stride = turned ? rows : 1,
                  .panel = panels.data(),
                  .start = start.data(),
                  .start_stride = columns,
                  .out = together.data(),
                  .out_stride = columns,
                  .rows = rows,
                  .depth = depth,
                  .columns = columns,
                  .panel_stride = panel_stride,
                  .start_last = start_last};
  kernel.multiply(product);
  for (int64_t first = 0; first < columns; first += kernel.columns) {
    product.panel = panels.data() + first / kernel.columns * panel_stride;
    product.start = start.data() + first;
    product.out = alone.data() + first;
    product.columns = std::min(kernel.columns, columns - first);
    kernel.multiply(product);
  }
  CHECK(together == alone);
}

}  // namespace
}  // namespace seq2seq::nn::kernels
