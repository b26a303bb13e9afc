#include "seq2seq/nn/kernels/ranking/ranking.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "test/nn/kernels/random_values.h"
#include "test/support/catch.h"

namespace seq2seq::nn::kernels {
namespace {

using namespace seq2seq::test;

constexpr float infinity = INFINITY;

std::vector<int32_t> places_above(const RankingKernels& kernel, const std::vector<float>& z, float least) {
  std::vector<int32_t> places(z.size(), -1);
  places.resize(static_cast<size_t>(kernel.above(z.data(), std::ssize(z), least, places.data())));
  return places;
}

TEST_CASE("ranking: every instruction set sums exponentials as in double", "[nn][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto kernel = ranking_kernels(isa);
  const int64_t vectors = GENERATE(1, 2, 3, 16, 17);
  const float spread = GENERATE(0.1F, 30.0F, 200.0F);
  CAPTURE(name(isa), vectors, spread);
  auto z = random_values(vectors * kernel.lanes, 4);
  for (auto& value : z) value *= spread;
  const auto found = kernel.sum(z.data(), std::ssize(z));
  CHECK(found.largest == *std::ranges::max_element(z));
  double exact = 0;
  for (const float value : z) exact += std::exp(static_cast<double>(value) - found.largest);
  CHECK_THAT(found.sum, WithinRel(exact, 2e-6));
}

TEST_CASE("ranking: impossible words count nothing, and no number spoils the sum", "[nn][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto kernel = ranking_kernels(isa);
  CAPTURE(name(isa));
  const auto count = static_cast<size_t>(3 * kernel.lanes);
  std::vector<float> z(count, -infinity);
  CHECK(kernel.sum(z.data(), std::ssize(z)).largest == -infinity);
  CHECK(kernel.sum(z.data(), std::ssize(z)).sum == 0);
  z[count / 2] = -1000;
  CHECK(kernel.sum(z.data(), std::ssize(z)).largest == -1000);
  CHECK(kernel.sum(z.data(), std::ssize(z)).sum == 1);
  for (const float broken : {NAN, infinity}) {
    for (const size_t place : {size_t{0}, count / 2, count - 1}) {
      auto other = z;
      other[place] = broken;
      CHECK(std::isnan(kernel.sum(other.data(), std::ssize(other)).sum));
    }
  }
}

TEST_CASE("ranking: the places above a bound, in order, equal ones left out", "[nn][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto kernel = ranking_kernels(isa);
  const int64_t vectors = GENERATE(1, 2, 5);
  CAPTURE(name(isa), vectors);
  auto z = random_values(vectors * kernel.lanes, 5);
  for (auto& value : z) value = std::round(value * 3);
  z.back() = -infinity;
  for (const float least : {-infinity, -2.0F, 0.0F, 1.0F, 100.0F}) {
    std::vector<int32_t> expected;
    for (size_t i = 0; i < z.size(); ++i)
      if (z[i] > least) expected.push_back(static_cast<int32_t>(i));
    CHECK(places_above(kernel, z, least) == expected);
  }
}

TEST_CASE("ranking: every instruction set adds a layer to a mixture as in double", "[nn][kernels]") {
  const auto isa = GENERATE_COPY(from_range(available_isas()));
  const auto kernel = ranking_kernels(isa);
  const int64_t vectors = GENERATE(1, 2, 5);
  CAPTURE(name(isa), vectors);
  auto z = random_values(vectors * kernel.lanes, 6);
  const auto before = random_values(vectors * kernel.lanes, 7);
  for (auto& value : z) value *= 20;
  z.back() = -infinity;
  auto shares = before, logs = before;
  kernel.add_exponentials({z.data(), std::ssize(z), 2.5F, 0.25F, shares.data()});
  kernel.add_logs({z.data(), std::ssize(z), 2.5F, 0.25F, logs.data()});
  for (size_t i = 0; i < z.size(); ++i) {
    CAPTURE(i);
    const double relative = static_cast<double>(z[i]) - 2.5, share = 0.25 * std::exp(relative);
    CHECK_THAT(shares[i], WithinAbs(before[i] + share, 1e-6 * (1 + share)));
    if (z[i] == -infinity) {
      CHECK(logs[i] == -infinity);
    } else {
      CHECK_THAT(logs[i], WithinAbs(before[i] + 0.25 * relative, 1e-6 * (1 + std::abs(relative))));
    }
  }
}

}  // namespace
}  // namespace seq2seq::nn::kernels
