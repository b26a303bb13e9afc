#include "seq2seq/nn/kernels/attention/attention.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "test/nn/kernels/random_values.h"
#include "test/support/catch.h"

namespace seq2seq::nn::kernels {
namespace {

using namespace seq2seq::test;

size_t at(int64_t index) { return static_cast<size_t>(index); }

/// The largest difference between `found` and expected(index).
template <class Expected>
double worst(const std::vector<float>& found, Expected expected) {
  double most = 0;
  for (size_t i = 0; i < found.size(); ++i)
    most = std::max(most, std::abs(static_cast<double>(found[i]) - expected(static_cast<int64_t>(i))));
  return most;
}

AttentionKernels any_kernels() {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  CAPTURE(name(isa));
  return attention_kernels(isa);
}

/// The weights of scores, in double.
std::vector<double> softmax_of(const std::vector<float>& scores) {
  std::vector<double> weights(scores.begin(), scores.end());
  const double top = *std::max_element(weights.begin(), weights.end());
  double sum = 0;
  for (auto& weight : weights) sum += weight = std::exp(weight - top);
  for (auto& weight : weights) weight /= sum;
  return weights;
}

}  // namespace

TEST_CASE("attention kernels: dot products and products equal the sums in double", "[nn][kernels]") {
  const auto kernel = any_kernels();
  const int64_t rows = GENERATE(1, 3, 13, 26), columns = GENERATE(1, 7, 16, 33), depth = GENERATE(1, 5, 16, 70);
  const int64_t stride = depth + 3, out_stride = columns + 1;
  CAPTURE(rows, columns, depth);
  const auto left = random_values(rows * stride, 1), right = random_values(columns * stride, 2);
  std::vector<float> out(at(rows * out_stride), 77.0F);
  kernel.dots({left.data(), stride, right.data(), stride, out.data(), out_stride, rows, columns, depth, 0.5F});
  const auto dot = [&](int64_t row, int64_t column) {
    double sum = 0;
    for (int64_t k = 0; k < depth; ++k)
      sum += static_cast<double>(left[at(row * stride + k)]) * right[at(column * stride + k)];
    return sum;
  };
  CHECK(worst(out, [&](int64_t i) {
          return i % out_stride == columns ? 77.0 : 0.5 * dot(i / out_stride, i % out_stride);
        }) < 1e-5);

  const bool turned = GENERATE(true, false), add = GENERATE(true, false);
  const auto matrix = random_values(depth * columns, 3);
  const auto of_left = random_values(rows * depth, 4);  // [rows, depth], or [depth, rows] if turned
  std::fill(out.begin(), out.end(), 2.0F);
  kernel.multiply({of_left.data(), turned ? 1 : depth, turned ? rows : 1, matrix.data(), columns, out.data(),
                   out_stride, rows, depth, columns, add});
  CHECK(worst(out, [&](int64_t i) {
          const int64_t row = i / out_stride, column = i % out_stride;
          if (column == columns) return 2.0;
          double sum = add ? 2 : 0;
          for (int64_t k = 0; k < depth; ++k)
            sum += static_cast<double>(of_left[at(turned ? k * rows + row : row * depth + k)]) *
                   matrix[at(k * columns + column)];
          return sum;
        }) < 1e-5);
}

TEST_CASE("attention kernels: softmax of a row and its gradient equal the equations in double", "[nn][kernels]") {
  const auto kernel = any_kernels();
  const int64_t count = GENERATE(1, 3, 4, 15, 16, 17, 100);
  CAPTURE(count);
  auto row = random_values(count, 1, 20);
  if (count > 3) row[2] = -INFINITY;
  const auto weights = softmax_of(row);
  kernel.softmax(row.data(), count);
  CHECK(worst(row, [&](int64_t i) { return weights[at(i)]; }) < 1e-6);
  const auto from_above = random_values(count, 2);
  auto gradient = from_above;
  kernel.softmax_gradient(row.data(), gradient.data(), count, 3.0F);
  double mean = 0;
  for (int64_t i = 0; i < count; ++i) mean += weights[at(i)] * from_above[at(i)];
  CHECK(worst(gradient, [&](int64_t i) { return 3 * weights[at(i)] * (from_above[at(i)] - mean); }) < 1e-5);
}

TEST_CASE("attention kernels: additive scores and their gradients equal the equations in double", "[nn][kernels]") {
  const auto kernel = any_kernels();
  const int64_t rows = GENERATE(1, 5, 40), columns = GENERATE(1, 33), width = GENERATE(1, 9, 16, 50);
  const float range = GENERATE(1.0F, 60.0F);  // 60: exponentials leave the range of float32
  CAPTURE(rows, columns, width, range);
  const auto queries = random_values(rows * width, 1, range), keys = random_values(columns * width, 2, range),
             v = random_values(width, 3);
  std::vector<float> scores(at(rows * columns)), scratch(at(additive_scratch(width)));
  AdditiveScores task{queries.data(), width, keys.data(), width, v.data(),
                      scores.data(),  rows,  columns,     width, scratch.data()};
  kernel.additive_scores(task);
  const auto tanh_at = [&](int64_t row, int64_t column, int64_t k) {
    return std::tanh(static_cast<double>(queries[at(row * width + k)]) + keys[at(column * width + k)]);
  };
  CHECK(worst(scores, [&](int64_t i) {
          double sum = 0;
          for (int64_t k = 0; k < width; ++k) sum += v[at(k)] * tanh_at(i / columns, i % columns, k);
          return sum;
        }) < 1e-5);

  const auto derivatives = random_values(rows * columns, 4);
  scores = derivatives;
  std::vector<float> of_queries(queries.size(), NAN), of_keys(keys.size(), 1.0F), of_v(v.size(), 1.0F);
  kernel.additive_gradient(task, {of_queries.data(), of_keys.data(), of_v.data()});
  const auto through = [&](int64_t row, int64_t column, int64_t k) {
    const double t = tanh_at(row, column, k);
    return derivatives[at(row * columns + column)] * v[at(k)] * (1 - t * t);
  };
  CHECK(worst(of_queries, [&](int64_t i) {
          double sum = 0;
          for (int64_t column = 0; column < columns; ++column) sum += through(i / width, column, i % width);
          return sum;
        }) < 1e-5);
  CHECK(worst(of_keys, [&](int64_t i) {
          double sum = 1;
          for (int64_t row = 0; row < rows; ++row) sum += through(row, i / width, i % width);
          return sum;
        }) < 1e-5);
  CHECK(worst(of_v, [&](int64_t k) {
          double sum = 1;
          for (int64_t i = 0; i < rows * columns; ++i) sum += derivatives[at(i)] * tanh_at(i / columns, i % columns, k);
          return sum;
        }) < 1e-4);  // a sum of more than 1,000 numbers
}

TEST_CASE("attention kernels: softmax down columns sees the keys of each query, and has its gradient",
          "[nn][kernels]") {
  const auto kernel = any_kernels();
  const int64_t keys = GENERATE(1, 6, 40), lanes = kernel.lanes * GENERATE(1, 2);
  const int64_t seen_by_first = GENERATE_COPY(int64_t{1}, keys);
  CAPTURE(keys, lanes, seen_by_first);
  const int64_t count = std::min<int64_t>(lanes, 3), depth = 5;
  const auto rows = random_values(count * depth, 5);
  std::vector<float> packed(at(depth * lanes), NAN);
  kernel.pack_columns(rows.data(), depth, depth, count, 2.0F, packed.data(), lanes);
  CHECK(worst(packed,
              [&](int64_t i) { return i % lanes < count ? 2.0 * rows[at(i % lanes * depth + i / lanes)] : 0.0; }) == 0);

  const auto scores = random_values(keys * lanes, 1, 10);
  const auto seen = [&](int64_t lane) { return std::min(keys, seen_by_first + lane); };
  std::vector<std::vector<double>> weights;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    std::vector<float> column;
    for (int64_t key = 0; key < seen(lane); ++key) column.push_back(scores[at(key * lanes + lane)]);
    weights.push_back(softmax_of(column));
  }
  const auto weight = [&](int64_t i) {
    return i / lanes < seen(i % lanes) ? weights[at(i % lanes)][at(i / lanes)] : 0.0;
  };
  auto found = scores, again = scores;
  std::vector<float> log_sum(at(lanes));
  kernel.softmax_columns({found.data(), log_sum.data(), keys, lanes, seen_by_first});
  CHECK(worst(found, weight) < 1e-6);
  kernel.weights_of_columns({again.data(), log_sum.data(), keys, lanes, seen_by_first});
  CHECK(worst(again, weight) < 1e-5);  // e^(score - log of the sum): both are rounded

  const auto from_above = random_values(keys * lanes, 2);
  auto gradient = from_above;
  kernel.softmax_gradient_columns({found.data(), log_sum.data(), keys, lanes, seen_by_first}, gradient.data(), 3.0F);
  CHECK(worst(gradient, [&](int64_t i) {
          double mean = 0;
          for (int64_t j = i % lanes; j < keys * lanes; j += lanes) mean += weight(j) * from_above[at(j)];
          return 3 * weight(i) * (from_above[at(i)] - mean);
        }) < 1e-5);
}

TEST_CASE("attention kernels: masks have the same bits for every instruction set", "[nn][kernels]") {
  const auto kernel = any_kernels(), plain = attention_kernels(Isa::reference);
  const WeightMask mask{.key0 = 1,
                        .key1 = 2,
                        .update = 3,
                        .site = 4,
                        .pair = 5,
                        .head = 6,
                        .first_position = 7,
                        .threshold = 20'000,
                        .scale = 1.5F};
  const int64_t queries = GENERATE(1, 16, 21), keys = GENERATE(1, 8, 19);
  std::vector<float> found(at(queries * keys), NAN), expected = found;
  kernel.fill_mask(mask, {found.data(), keys, 1, queries, keys});
  plain.fill_mask(mask, {expected.data(), keys, 1, queries, keys});
  CHECK(found == expected);
  CHECK(std::ranges::all_of(found, [](float value) { return value == 0 || value == 1.5F; }));

  const auto by = random_values(queries * keys, 1);
  auto scaled = random_values(queries * keys, 2), sum = scaled;
  const auto before = scaled;
  kernel.scale(scaled.data(), by.data(), queries * keys);
  kernel.add(sum.data(), by.data(), queries * keys);
  CHECK(worst(scaled, [&](int64_t i) { return static_cast<double>(before[at(i)]) * by[at(i)]; }) < 1e-7);
  CHECK(worst(sum, [&](int64_t i) { return static_cast<double>(before[at(i)]) + by[at(i)]; }) < 1e-6);
}

}  // namespace seq2seq::nn::kernels
