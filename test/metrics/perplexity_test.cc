#include "seq2seq/metrics/perplexity.h"

#include <cmath>
#include <cstdint>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"

using namespace seq2seq;
using namespace seq2seq::test;
using metrics::perplexity;

TEST_CASE("perplexity: of a uniform guess among V words is V", "[metrics][perplexity]") {
  const int64_t words = GENERATE(1, 2, 80'000);
  const int64_t tokens = GENERATE(1, 7, 1'000'000);
  const double log_probability = -std::log(static_cast<double>(words)) * static_cast<double>(tokens);

  REQUIRE_THAT(perplexity(log_probability, tokens), WithinRel(static_cast<double>(words), 1e-12));
}

TEST_CASE("perplexity: is the inverse geometric mean of the probabilities", "[metrics][perplexity]") {
  REQUIRE_THAT(perplexity(std::log(0.5) + std::log(0.125), 2), WithinRel(4.0, 1e-14));
}

TEST_CASE("perplexity: of no tokens is refused", "[metrics][perplexity][error]") {
  REQUIRE_THROWS_AS(perplexity(0, 0), Error);
}
