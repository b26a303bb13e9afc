#include "seq2seq/parallel/plan/simulate.h"

#include "test/support/catch.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;

using AllNeeds = std::vector<std::vector<int64_t>>;

SimulatedMachine machine(Workers workers, std::vector<int64_t> devices, double processors = 0, double together = 1) {
  return {.workers = workers, .devices = std::move(devices), .processors = processors, .together = together};
}

TEST_CASE("simulator: a chain over two devices takes the sum of transfers and work", "[parallel][plan]") {
  const auto spans = simulate({{.place = 0, .work = 2}, {.place = 1, .transfer = 0.5, .work = 3}}, {{}, {0}}, {0, 1},
                              machine(Workers::streams, {0, 1}));
  CHECK(spans.start == std::vector<double>{0, 2});
  CHECK(spans.end == std::vector<double>{2, 5.5});
}

TEST_CASE("simulator: jobs on one device at a time share its speed", "[parallel][plan]") {
  // Both run at half speed until the shorter one has its 2 s after 4 s; the other has 1 s of 3 left.
  const auto spans =
      simulate({{.place = 0, .work = 2}, {.place = 1, .work = 3}}, {{}, {}}, {0, 1}, machine(Workers::streams, {0, 0}));
  CHECK(spans.end == std::vector<double>{4, 5});
}

TEST_CASE("simulator: two processors run two jobs at full speed and share themselves among three", "[parallel][plan]") {
  const std::vector<SimulatedJob> three{{.place = 0, .work = 2}, {.place = 1, .work = 2}, {.place = 2, .work = 2}};
  CHECK_THAT(simulate(three, {{}, {}, {}}, {0, 1, 2}, machine(Workers::per_place, {0, 0, 0}, 2, 2)).seconds,
             WithinAbs(3, 1e-12));  // 6 s of work on 2 processors
  const std::vector<SimulatedJob> two{{.place = 0, .work = 2}, {.place = 1, .work = 2}};
  CHECK_THAT(simulate(two, {{}, {}}, {0, 1}, machine(Workers::per_place, {0, 0}, 2, 2)).seconds, WithinAbs(2, 1e-12));
  // Two processors that together have the speed of 1.25 single ones.
  CHECK_THAT(simulate(two, {{}, {}}, {0, 1}, machine(Workers::per_place, {0, 0}, 2, 1.25)).seconds,
             WithinAbs(3.2, 1e-12));
  // A single job has a processor for itself.
  CHECK_THAT(simulate(two, {{}, {0}}, {0, 1}, machine(Workers::per_place, {0, 0}, 2, 1.25)).seconds,
             WithinAbs(4, 1e-12));
}

TEST_CASE("simulator: one worker runs the jobs of all places in order, on all processors", "[parallel][plan]") {
  auto one = machine(Workers::one, {0, 0}, 2, 2);
  one.speed_up = 1.6;
  const auto spans = simulate({{.place = 0, .work = 1.6}, {.place = 1, .work = 3.2}}, {{}, {}}, {1, 0}, one);
  CHECK(spans.start == std::vector<double>{2, 0});
  CHECK(spans.seconds == 3);
}

TEST_CASE("simulator: transfers share a link where the machine says so", "[parallel][plan]") {
  const std::vector<SimulatedJob> two{{.place = 0, .transfer = 1, .work = 1}, {.place = 1, .transfer = 1, .work = 1}};
  auto shared = machine(Workers::streams, {0, 1});
  CHECK(simulate(two, {{}, {}}, {0, 1}, shared).seconds == 2);
  shared.shared_link = true;
  CHECK(simulate(two, {{}, {}}, {0, 1}, shared).seconds == 3);
}

TEST_CASE("simulator: no job ends before the one thread has issued it, in the order of the schedule",
          "[parallel][plan]") {
  // Issued from 0 to 2, 2 to 4, 4 to 6 s; the work takes 0.5 s each.
  const std::vector<SimulatedJob> jobs(3, {.place = 0, .work = 0.5, .issue = 2});
  const auto spans = simulate(jobs, {{}, {}, {}}, {0, 1, 2}, machine(Workers::streams, {0}));
  CHECK(spans.end == std::vector<double>{2, 4, 6});
  // With more work, the thread runs ahead.
  const std::vector<SimulatedJob> longer(3, {.place = 0, .work = 5, .issue = 2});
  CHECK(simulate(longer, {{}, {}, {}}, {0, 1, 2}, machine(Workers::streams, {0})).seconds == 15);
  // A job that is late in the order starts late, although its place is free.
  const std::vector<SimulatedJob> apart{{.place = 0, .work = 1, .issue = 3}, {.place = 1, .work = 1, .issue = 1}};
  const auto late = simulate(apart, {{}, {}}, {0, 1}, machine(Workers::streams, {0, 1}));
  CHECK(late.start[1] == 3);
  CHECK(late.waits_issue[1] == 3);
}

TEST_CASE("simulator: a place keeps its order even where a later job could run", "[parallel][plan]") {
  const std::vector<SimulatedJob> jobs{{.place = 1, .work = 4}, {.place = 0, .work = 1}, {.place = 0, .work = 1}};
  const auto spans = simulate(jobs, {{}, {0}, {}}, {0, 1, 2}, machine(Workers::per_place, {0, 0}, 2, 2));
  CHECK(spans.start[2] == 5);
}

TEST_CASE("simulator: an order that can never be run is refused", "[parallel][plan]") {
  CHECK_THROWS_AS(
      simulate({{.place = 0, .work = 1}, {.place = 0, .work = 1}}, {{1}, {}}, {0, 1}, machine(Workers::streams, {0})),
      std::logic_error);
}

}  // namespace
}  // namespace seq2seq::parallel
