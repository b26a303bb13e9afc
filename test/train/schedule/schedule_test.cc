#include "seq2seq/train/schedule/schedule.h"

#include <memory>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/train/schedule/halve.h"
#include "seq2seq/train/schedule/inverse_square_root.h"
#include "seq2seq/train/schedule/linear.h"
#include "seq2seq/train/schedule/plateau.h"
#include "test/support/catch.h"

namespace seq2seq::train {
namespace {

using namespace test;

TEST_CASE("schedule: halving follows the paper's 7.5 epochs", "[train][schedule]") {
  const Halve halve({.from_epoch = 5, .every_epochs = 0.5, .factor = 0.5});
  struct Row {
    double epoch, factor;
  };
  const auto row = GENERATE(values<Row>({{0, 1},
                                         {4.999, 1},
                                         {5, 0.5},
                                         {5.499, 0.5},
                                         {5.5, 0.25},
                                         {6, 0.125},
                                         {6.5, 0.0625},
                                         {7, 0.03125},
                                         {7.499, 0.03125}}));
  CAPTURE(row.epoch);
  CHECK(halve.factor({.update = 0, .epoch = row.epoch, .total_updates = 0}) == row.factor);
}

TEST_CASE("schedule: halving every 5 epochs, as it is often retold, is another choice of options",
          "[train][schedule]") {
  const Halve halve({.from_epoch = 5, .every_epochs = 5, .factor = 0.5});
  CHECK(halve.factor({.update = 0, .epoch = 7.499, .total_updates = 0}) == 0.5);
  CHECK(halve.factor({.update = 0, .epoch = 10, .total_updates = 0}) == 0.25);
}

TEST_CASE("schedule: a cut comes with the first update at or after its place, whatever the fractions",
          "[train][schedule][property]") {
  const int per_epoch = GENERATE(3, 7, 10, 100, 997);
  const int cuts_per_epoch = GENERATE(1, 2, 3, 5, 10);
  CAPTURE(per_epoch, cuts_per_epoch);
  const Halve halve({.from_epoch = 1, .every_epochs = 1.0 / cuts_per_epoch, .factor = 0.5});
  for (int update = 0; update < 4 * per_epoch; ++update) {
    // In integers: cuts = 1 + floor((update / per_epoch - 1) * cuts_per_epoch).
    const int cuts = update < per_epoch ? 0 : 1 + (update - per_epoch) * cuts_per_epoch / per_epoch;
    const int whole = update / per_epoch;
    const double epoch = whole + static_cast<double>(update % per_epoch) / per_epoch;
    CAPTURE(update);
    REQUIRE(halve.factor({.update = update, .epoch = epoch, .total_updates = 0}) == std::pow(0.5, cuts));
  }
}

TEST_CASE("schedule: the inverse square root rises through its warm-up and then falls", "[train][schedule]") {
  const InverseSquareRoot schedule({.warmup_updates = 4});
  const std::vector<double> expected{0.25, 0.5, 0.75, 1, std::sqrt(4. / 5), std::sqrt(4. / 6)};
  for (size_t update = 0; update < expected.size(); ++update)
    CHECK_THAT(schedule.factor({.update = static_cast<int64_t>(update), .epoch = 0, .total_updates = 6}),
               WithinAbs(expected[update], 1e-15));
  CHECK_THAT(schedule.factor({.update = 399, .epoch = 0, .total_updates = 6}), WithinAbs(0.1, 1e-15));
}

TEST_CASE("schedule: linear rises to 1 and falls towards its final share in equal steps", "[train][schedule]") {
  const Linear schedule({.warmup_updates = 2, .final = 0.2});
  const std::vector<double> expected{0.5, 1,   1,   0.8,
                                     0.6, 0.4, 0.2, 0.2};  // 6 updates in all, then those beyond the estimate
  for (size_t update = 0; update < expected.size(); ++update)
    CHECK_THAT(schedule.factor({.update = static_cast<int64_t>(update), .epoch = 0, .total_updates = 6}),
               WithinAbs(expected[update], 1e-15));
}

TEST_CASE("schedule: linear wastes no update of the run on a rate of 0", "[train][schedule]") {
  const Linear schedule({.warmup_updates = 0, .final = 0});
  CHECK(schedule.factor({.update = 9, .epoch = 0, .total_updates = 10}) > 0.09);
}

TEST_CASE("schedule: a plateau cuts after so many validations without improvement, and counts anew",
          "[train][schedule]") {
  Plateau schedule({.factor = 0.5, .patience = 2, .minimum = 0.2});
  const std::vector<std::pair<bool, double>> story{{true, 1},    {false, 1},   {true, 1},     {false, 1},
                                                   {false, 0.5}, {false, 0.5}, {false, 0.25}, {false, 0.25},
                                                   {false, 0.2}, {true, 0.2}};
  for (const auto& [improved, factor] : story) {
    schedule.validated(improved);
    CHECK(schedule.factor({}) == factor);
  }
}

TEST_CASE("schedule: any schedule restored from its state goes on as the one that was saved",
          "[train][schedule][resume]") {
  const auto registry = builtin_schedules();
  const auto name = GENERATE_COPY(from_range(registry.names()));
  CAPTURE(name);
  const auto story = [](Schedule& schedule, int first, int last) {
    std::vector<double> factors;
    for (int update = first; update < last; ++update) {
      factors.push_back(schedule.factor({.update = update, .epoch = update / 4.0, .total_updates = 50}));
      if (update % 3 == 0) schedule.validated(update % 4 == 0);
    }
    return factors;
  };
  const auto saved = registry.make({.kind = name, .options = nullptr});
  story(*saved, 0, 20);
  const auto restored = registry.make({.kind = name, .options = nullptr});
  restored->restore(saved->state(), "state.json");
  CHECK(story(*restored, 20, 50) == story(*saved, 20, 50));
}

TEST_CASE("schedule: a state that is not a plateau's is an error", "[train][schedule][error]") {
  Plateau schedule({});
  CHECK_THROWS_WITH(schedule.restore("{}", "state.json"),
                    ContainsSubstring("state.json: schedule `plateau`: is damaged"));
}

}  // namespace
}  // namespace seq2seq::train
