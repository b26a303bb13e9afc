#include "seq2seq/train/scheduled_sampling.h"

#include <cmath>
#include <string>

#include "seq2seq/config/reader.h"
#include "seq2seq/core/error.h"
#include "test/support/catch.h"

namespace seq2seq::train {
namespace {

using namespace test;

ScheduledSamplingOptions sampling_of(const std::string& yaml) {
  ScheduledSamplingOptions options;
  config::Keys keys;
  declare(keys, options);
  config::read_text(yaml, "train.yaml", "/", {}, keys);
  return options;
}

TEST_CASE("scheduled sampling: the three decays are those of the paper", "[train][options]") {
  const auto linear = sampling_of("{decay: linear, from_update: 10, to_update: 30, final: 0.2}");
  const auto exponential = sampling_of("{decay: exponential, k: 0.9}");
  const auto sigmoid = sampling_of("{decay: inverse_sigmoid, k: 50, from_update: 7}");
  const auto floored = sampling_of("{decay: exponential, k: 0.5, final: 0.25}");
  double power = 1;
  for (int64_t update = 0; update < 60; ++update) {
    CAPTURE(update);
    // max(epsilon, 1 - c i), with c that reaches the floor at update 30
    const double i = update < 10 ? 0 : static_cast<double>(update) - 10;
    CHECK_THAT(linear.factor(update), WithinAbs(std::max(0.2, 1 - 0.04 * i), 1e-12));
    CHECK_THAT(exponential.factor(update), WithinAbs(power, 1e-12));
    power *= 0.9;
    const double later = update < 7 ? 0 : static_cast<double>(update) - 7;
    CHECK_THAT(sigmoid.factor(update), WithinAbs(1 / (1 + std::exp(later / 50) / 50), 1e-12));
    CHECK_THAT(floored.factor(update), WithinAbs(update == 0 ? 1 : update == 1 ? 0.5 : 0.25, 1e-12));
    CHECK(sampling_of("{}").factor(update) == 1);
  }
  CHECK(sigmoid.factor(1'000'000'000) == 0);  // exp() is infinite there
}

TEST_CASE("scheduled sampling: a schedule that cannot be meant is refused at its key", "[train][options][error]") {
  const auto refused = [](const std::string& yaml) {
    try {
      sampling_of(yaml);
    } catch (const Error& refusal) {
      return std::string(refusal.what());
    }
    return std::string("was taken");
  };
  CHECK_THAT(refused("{decay: linear, from_update: 200, to_update: 100}"),
             ContainsSubstring("ends at update 100 before it begins") && ContainsSubstring("from_update"));
  CHECK_THAT(refused("{decay: linear, from_update: 100, to_update: 100}"), ContainsSubstring("before it begins"));
  CHECK_THAT(refused("{decay: linear}"), ContainsSubstring("needs `to_update`"));
  CHECK_THAT(refused("{decay: exponential, k: 0.9, to_update: 5}"), ContainsSubstring("only `decay: linear`"));
  CHECK_THAT(refused("{decay: exponential, k: 1}"), ContainsSubstring("below 1"));
  CHECK_THAT(refused("{decay: exponential}"), ContainsSubstring("k") && ContainsSubstring("is missing"));
  CHECK_THAT(refused("{decay: inverse_sigmoid, k: 0.5}"), ContainsSubstring("at least 1"));
  CHECK_THAT(refused("{decay: linear, to_update: 5, k: 2}"), ContainsSubstring("`exponential` and `inverse_sigmoid`"));
  CHECK_THAT(refused("{final: 0.5}"), ContainsSubstring("need a `decay`"));
  CHECK_THAT(refused("{decay: linear, to_update: 5, final: 1.5}"), ContainsSubstring("final"));
}

}  // namespace
}  // namespace seq2seq::train
