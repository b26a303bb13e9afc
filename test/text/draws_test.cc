#include "seq2seq/text/draws.h"

#include <set>
#include <stdexcept>
#include <vector>

#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;
using text::Draws;
using text::Side;

namespace {

std::vector<double> ten(Draws draws) {
  std::vector<double> numbers;
  for (int i = 0; i < 10; ++i) numbers.push_back(draws.next());
  return numbers;
}

}  // namespace

TEST_CASE("draws: the same line of the same epoch draws the same", "[text][draws]") {
  REQUIRE(ten(Draws(7, Side::source, 3, 12)) == ten(Draws(7, Side::source, 3, 12)));
}

TEST_CASE("draws: another seed, side, epoch or pair draws other numbers", "[text][draws][property]") {
  std::set<double> numbers;
  std::size_t drawn = 0;
  for (const uint64_t seed : {1, 2}) {
    for (const auto side : {Side::source, Side::target}) {
      for (const uint64_t epoch : {0, 1, 255}) {
        for (const uint64_t pair : {0, 1, 2, 1 << 24}) {
          for (const double number : ten(Draws(seed, side, epoch, pair))) numbers.insert(number), ++drawn;
        }
      }
    }
  }
  REQUIRE(numbers.size() == drawn);
}

TEST_CASE("draws: what cannot be numbered is refused", "[text][draws]") {
  REQUIRE_THROWS_AS(Draws(1, Side::source, uint64_t{1} << 24U, 0), std::invalid_argument);
  REQUIRE_THROWS_AS(Draws(1, Side::source, 0, uint64_t{1} << 40U), std::invalid_argument);
  REQUIRE_NOTHROW(Draws(1, Side::source, (uint64_t{1} << 24U) - 1, (uint64_t{1} << 40U) - 1));
}
