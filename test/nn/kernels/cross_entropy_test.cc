#include "seq2seq/nn/kernels/cross_entropy/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "test/nn/kernels/random_values.h"
#include "test/support/catch.h"

namespace seq2seq::nn::kernels {
namespace {

using namespace seq2seq::test;

/// The operands of a tile, and the results of one run of the kernel.
struct Tile {
  Tile(const CrossEntropyKernels& kernel, int64_t of_words, int64_t vectors, float spread)
      : words(of_words),
        rows(vectors * kernel.lanes),
        stride(rows + 3),
        logits(random_values(words * stride, 1, spread)),
        bias(random_values(words, 2, spread)),
        reference(static_cast<size_t>(rows), -INFINITY),
        change(static_cast<size_t>(rows), NAN),
        sum(static_cast<size_t>(rows), 0.0F),
        total(static_cast<size_t>(rows), 0.0F) {}
  void run(const CrossEntropyKernels& kernel, int64_t first, int64_t count) {
    kernel.exponentials({.logits = logits.data() + first * stride,
                         .stride = stride,
                         .words = count,
                         .rows = rows,
                         .bias = bias.data() + first,
                         .reference = reference.data(),
                         .change = change.data(),
                         .sum = sum.data(),
                         .total = total.data()});
  }
  double logit(int64_t word, int64_t row) const {
    return static_cast<double>(logits[static_cast<size_t>(word * stride + row)]) + bias[static_cast<size_t>(word)];
  }
  int64_t words, rows, stride;
  std::vector<float> logits, bias, reference, change, sum, total;
};

TEST_CASE("cross-entropy kernel: exponentials and sums of two tiles are those in double", "[nn][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto kernel = cross_entropy_kernels(isa);
  const int64_t vectors = GENERATE(1, 2, 4, 5, 9);
  const int64_t words = GENERATE(1, 2, 61);
  const float spread = GENERATE(1.0F, 40.0F, 300.0F);
  CAPTURE(name(isa), vectors, words, spread);
  const Tile before(kernel, words, vectors, spread);
  Tile tile = before;
  const int64_t first = words / 2;
  if (first > 0) tile.run(kernel, 0, first);
  const auto reference = tile.reference, sum = tile.sum;
  tile.run(kernel, first, words - first);
  for (int64_t row = 0; row < tile.rows; ++row) {
    const auto at = static_cast<size_t>(row);
    double largest = -INFINITY, all = 0, total = 0;
    for (int64_t word = 0; word < words; ++word) {
      largest = std::max(largest, before.logit(word, row));
      total += before.logit(word, row);
    }
    for (int64_t word = 0; word < words; ++word) all += std::exp(before.logit(word, row) - largest);
    // At most the slack from the largest number, so that nothing overflows.
    CHECK(std::abs(tile.reference[at] - largest) <= reference_slack + 1e-3);
    const double normalizer = tile.reference[at] + std::log(static_cast<double>(tile.sum[at]));
    CHECK_THAT(normalizer, WithinAbs(largest + std::log(all), 1e-6 * (4 + spread)));
    CHECK_THAT(tile.total[at], WithinAbs(total, 1e-5 * spread * static_cast<double>(words)));
    if (first > 0) CHECK_THAT(tile.change[at], WithinAbs(std::exp(reference[at] - tile.reference[at]), 1e-6));
    double worst = 0;
    for (int64_t word = 0; word < words; ++word) {
      const double expected = std::exp(before.logit(word, row) - (word < first ? reference[at] : tile.reference[at]));
      const double found = tile.logits[static_cast<size_t>(word * tile.stride + row)];
      worst = std::max(worst, std::abs(found - expected) / std::max(1e-20, expected));
    }
    CHECK(worst < 1e-5 * (4 + spread));
  }
  // Numbers between the rows do not change.
  for (int64_t word = 0; word < words; ++word) {
    for (int64_t gap = tile.rows; gap < tile.stride; ++gap) {
      const auto at = static_cast<size_t>(word * tile.stride + gap);
      CHECK(tile.logits[at] == before.logits[at]);
    }
  }
}

TEST_CASE("cross-entropy kernel: a logit that is no number shows in the sum", "[nn][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto kernel = cross_entropy_kernels(isa);
  Tile tile(kernel, 9, 2, 1);
  tile.logits[static_cast<size_t>(3 * tile.stride)] = NAN;
  tile.run(kernel, 0, 9);
  CHECK(std::isnan(tile.sum[0]));
  CHECK(std::isfinite(tile.sum[1]));
}

TEST_CASE("cross-entropy kernel: weighted sums of each word are those in double", "[nn][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto kernel = cross_entropy_kernels(isa);
  const int64_t words = GENERATE(1, 4, 7);
  const int64_t rows = GENERATE(1, 15, 16, 17, 40);
  CAPTURE(name(isa), words, rows);
  const int64_t stride = rows + 1;
  const auto values = random_values(words * stride, 1), factors = random_values(rows, 2);
  std::vector<float> sums(static_cast<size_t>(words * kernel.lanes), 1.0F);
  kernel.add_sums({.values = values.data(),
                   .stride = stride,
                   .words = words,
                   .rows = rows,
                   .factors = factors.data(),
                   .sums = sums.data()});
  for (int64_t word = 0; word < words; ++word) {
    double expected = static_cast<double>(kernel.lanes), found = 0;
    for (int64_t row = 0; row < rows; ++row) {
      expected +=
          static_cast<double>(factors[static_cast<size_t>(row)]) * values[static_cast<size_t>(word * stride + row)];
    }
    for (int64_t lane = 0; lane < kernel.lanes; ++lane) found += sums[static_cast<size_t>(word * kernel.lanes + lane)];
    CHECK_THAT(found, WithinAbs(expected, 1e-5));
  }
}

}  // namespace
}  // namespace seq2seq::nn::kernels
