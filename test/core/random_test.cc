#include "seq2seq/core/random.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include <ATen/core/PhiloxRNGEngine.h>

#include "test/support/catch.h"

namespace seq2seq {

using test::range;
using Words = std::array<uint32_t, 4>;

TEST_CASE("random: philox gives the known answers of Random123", "[core][random][witness]") {
  // Random123 1.14, tests/kat_vectors, philox4x32 10.
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random: philox equals LibTorch's engine", "[core][random][witness]") {
  const int seed = GENERATE(range(1, 50));
  CAPTURE(seed);
  const Words inputs = philox({static_cast<uint32_t>(seed), 0, 0, 0}, {0, 0});
  const uint64_t key = (uint64_t{inputs[0]} << 32U) | inputs[1];
  const uint64_t subsequence = (uint64_t{inputs[2]} << 32U) | inputs[3];
  const auto offset = static_cast<uint64_t>(seed);
  at::Philox4_32 engine(key, subsequence, offset);
  const Words theirs{engine(), engine(), engine(), engine()};
  const Words ours = philox({static_cast<uint32_t>(offset), 0, inputs[3], inputs[2]}, {inputs[1], inputs[0]});
  REQUIRE(ours == theirs);
}

TEST_CASE("random: seed, purpose and both counters each change the draw", "[core][random]") {
  const uint64_t high = uint64_t{1} << 32U;
  const std::vector<Words> draws{
      RandomStream(1, Purpose::dropout).draw(2, 3), RandomStream(1 + high, Purpose::dropout).draw(2, 3),
      RandomStream(2, Purpose::dropout).draw(2, 3), RandomStream(1, Purpose::shuffle).draw(2, 3),
      RandomStream(1, Purpose::dropout).draw(3, 3), RandomStream(1, Purpose::dropout).draw(2 + high, 3),
      RandomStream(1, Purpose::dropout).draw(2, 4),
  };
  for (size_t i = 0; i < draws.size(); ++i) {
    for (size_t j = 0; j < i; ++j) REQUIRE(draws[i] != draws[j]);
  }
}

TEST_CASE("random: uniform numbers have the mean and variance of [0, 1)", "[core][random]") {
  const RandomStream stream(7, Purpose::sampling);
  constexpr int count = 100000;
  double sum = 0;
  double squares = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const double value = stream.uniform(1, i);
    REQUIRE((value >= 0 && value < 1));
    sum += value;
    squares += value * value;
  }
  const double mean = sum / count;
  // Five standard errors: sqrt(1 / 12 / count) of the mean, sqrt(1 / 180 / count) of the variance.
  CHECK_THAT(mean, test::WithinAbs(0.5, 5 * 0.000913));
  CHECK_THAT(squares / count - mean * mean, test::WithinAbs(1.0 / 12, 5 * 0.000236));
}

TEST_CASE("permutation: holds every number once and depends on stream and salt alone", "[core][random]") {
  const int64_t count = GENERATE(0, 1, 2, 3, 100, 1001);
  CAPTURE(count);
  const RandomStream stream(3, Purpose::shuffle);
  auto order = permutation(count, stream, 5);
  REQUIRE(order == permutation(count, RandomStream(3, Purpose::shuffle), 5));
  if (count >= 100) REQUIRE(order != permutation(count, stream, 6));
  std::sort(order.begin(), order.end());
  std::vector<int64_t> all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  REQUIRE(order == all);
}

TEST_CASE("permutation: all orders of four are equally likely", "[core][random]") {
  const RandomStream stream(11, Purpose::shuffle);
  std::map<std::vector<int64_t>, int> seen;
  constexpr int draws = 24000;
  for (uint64_t salt = 0; salt < draws; ++salt) ++seen[permutation(4, stream, salt)];
  REQUIRE(seen.size() == 24);
  double chi_square = 0;
  for (const auto& [order, count] : seen) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  REQUIRE(chi_square < 49.7);  // 23 degrees of freedom: one fair shuffle in a thousand exceeds this
}

TEST_CASE("draws below: every number is equally likely, draw by draw, whatever was drawn before", "[core][random]") {
  const RandomStream stream(5, Purpose::shuffle);
  constexpr int64_t bound = 6, count = 36000;
  const auto drawn = draws_below(bound, count, stream, 2);
  REQUIRE(drawn == draws_below(bound, count, RandomStream(5, Purpose::shuffle), 2));
  REQUIRE(drawn != draws_below(bound, count, stream, 3));
  std::map<std::pair<int64_t, int64_t>, int> seen;  // pairs of neighbours
  for (size_t i = 0; i + 1 < drawn.size(); i += 2) ++seen[{drawn[i], drawn[i + 1]}];
  REQUIRE(seen.size() == 36);
  double chi_square = 0;
  for (const auto& [pair, times] : seen) chi_square += (times - 500.0) * (times - 500.0) / 500.0;
  REQUIRE(chi_square < 66.6);  // 35 degrees of freedom: one fair series in a thousand exceeds this
  CHECK(draws_below(1, 3, stream, 0) == std::vector<int64_t>{0, 0, 0});
  CHECK(draws_below(0, 0, stream, 0).empty());
  CHECK_THROWS_AS(draws_below(0, 1, stream, 0), std::invalid_argument);
}

}  // namespace seq2seq
