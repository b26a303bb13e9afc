#include "seq2seq/study/table/ticks.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "test/support/catch.h"

namespace seq2seq::test {

namespace {

/// Returns true if the number is 1, 2 or 5 times a power of ten.
bool is_round(double number) {
  const double leading = number / std::pow(10.0, std::floor(std::log10(number) + 1e-9));
  return std::abs(leading - 1) < 1e-6 || std::abs(leading - 2) < 1e-6 || std::abs(leading - 5) < 1e-6;
}

}  // namespace

TEST_CASE("ticks: on a linear axis they are few, in the range, and multiples of a round step",
          "[study][table][property]") {
  const int seed = GENERATE(range(1, 40));
  CAPTURE(seed);
  std::mt19937 random(static_cast<unsigned>(seed));
  const double span = std::pow(10.0, std::uniform_real_distribution(-3.0, 6.0)(random));
  const double least = std::uniform_real_distribution(0.0, 2.0)(random) * span, most = least + span;
  const auto ticks = study::linear_ticks(least, most, 8);
  REQUIRE(ticks.size() >= 2);
  CHECK(ticks.size() <= 8);
  CHECK(ticks.front() >= least - 1e-9 * span);
  CHECK(ticks.back() <= most + 1e-9 * span);
  const double step = ticks[1] - ticks[0];
  CHECK(is_round(step));
  for (const double tick : ticks) CHECK_THAT(std::remainder(tick, step), WithinAbs(0, 1e-6 * step));
}

TEST_CASE("ticks: on a logarithmic axis they are 1, 2 and 5 times powers of ten, or powers alone", "[study][table]") {
  CHECK(study::linear_ticks(0, 10000, 8) == std::vector<double>{0, 2000, 4000, 6000, 8000, 10000});
  const auto wide = study::logarithmic_ticks(1.3, 412, 8);
  CHECK(wide == std::vector<double>{2, 5, 10, 20, 50, 100, 200});
  CHECK(study::logarithmic_ticks(0.5, 2e6, 8) == std::vector<double>{1, 10, 100, 1e3, 1e4, 1e5, 1e6});
  CHECK(study::logarithmic_ticks(1.31, 1.52, 8) == study::linear_ticks(1.31, 1.52, 8));  // none of them is in between
  CHECK(study::logarithmic_ticks(1e-20, 1e20, 8).size() <= 8);
  CHECK(study::logarithmic_ticks(2, 2, 8).empty());
}

}  // namespace seq2seq::test
