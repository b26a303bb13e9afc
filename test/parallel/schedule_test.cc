#include "seq2seq/parallel/schedule/schedule.h"

#include <algorithm>
#include <random>
#include <set>

#include "seq2seq/parallel/plan/simulate.h"
#include "seq2seq/parallel/schedule/list_schedule.h"
#include "seq2seq/parallel/schedule/micro_batch.h"
#include "test/support/catch.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;
using nn::Stage;
using nn::StageInput;
using Needs = StageInput::Needs;

int64_t drawn(std::mt19937_64& generator, int64_t least, int64_t most) {
  return std::uniform_int_distribution<int64_t>(least, most)(generator);
}

/// Draws up to ten stages at up to four places; each has inputs among earlier stages.
std::vector<Stage> random_stages(std::mt19937_64& generator) {
  std::vector<Stage> stages(static_cast<size_t>(drawn(generator, 1, 10)));
  for (int64_t number = 0; number < std::ssize(stages); ++number) {
    auto& stage = stages[static_cast<size_t>(number)];
    stage.name = "stage." + std::to_string(number);
    stage.place = drawn(generator, 0, 3);
    stage.side = drawn(generator, 0, 1) == 0 ? nn::Side::source : nn::Side::target;
    stage.recurrent = drawn(generator, 0, 1) == 0;
    stage.whole = drawn(generator, 0, 4) == 0;
    stage.defers_weights = drawn(generator, 0, 1) == 0;
    stage.products = static_cast<double>(drawn(generator, 0, 100));
    for (int64_t input = 0; input < number; ++input)
      if (drawn(generator, 0, 2) == 0)
        stage.inputs.push_back({input, drawn(generator, 0, 1) == 0 ? Needs::steps : Needs::end});
  }
  return stages;
}

std::vector<int64_t> random_running(std::mt19937_64& generator) {
  std::vector<int64_t> running(static_cast<size_t>(drawn(generator, 0, 12)));
  for (auto& sentences : running) sentences = drawn(generator, 1, 5);
  std::ranges::sort(running, std::greater<>());
  return running;
}

TEST_CASE("schedules: every job comes once, after those it needs, in any graph", "[parallel][schedule][property]") {
  const auto kind = GENERATE_COPY(from_range(builtin_schedules().names()));
  const int seed = GENERATE(range(1, 60));
  CAPTURE(kind, seed);
  std::mt19937_64 generator(static_cast<uint64_t>(seed));
  const auto stages = random_stages(generator);
  std::vector<BatchShape> shapes(static_cast<size_t>(drawn(generator, 1, 4)));
  for (auto& shape : shapes) shape = {.source = random_running(generator), .target = random_running(generator)};
  const auto graph =
      make_jobs(stages, shapes, {.chunk = drawn(generator, 0, 4), .weight_rows = drawn(generator, 1, 20)});

  const auto order = builtin_schedules().make({.kind = kind, .options = {}})->order(graph);

  CHECK(std::set<int64_t>(order.begin(), order.end()).size() == graph.jobs.size());
  REQUIRE(order.size() == graph.jobs.size());
  std::set<int64_t> before;
  for (const int64_t job : order) {
    for (const int64_t needed : graph.jobs.at(static_cast<size_t>(job)).needs) CHECK(before.contains(needed));
    before.insert(job);
  }
}

TEST_CASE("jobs: forward, backward and derivatives cover every row of every stage once",
          "[parallel][schedule][property]") {
  const int seed = GENERATE(range(1, 60));
  CAPTURE(seed);
  std::mt19937_64 generator(static_cast<uint64_t>(seed));
  const auto stages = random_stages(generator);
  const BatchShape shape{.source = random_running(generator), .target = random_running(generator)};
  const auto graph =
      make_jobs(stages, {shape}, {.chunk = drawn(generator, 0, 4), .weight_rows = drawn(generator, 1, 20)});
  for (int64_t stage = 0; stage < std::ssize(stages); ++stage) {
    const auto& about = stages[static_cast<size_t>(stage)];
    int64_t all = 0;
    for (const int64_t sentences : about.side == nn::Side::source ? shape.source : shape.target) all += sentences;
    for (const auto kind : {Job::Kind::forward, Job::Kind::backward, Job::Kind::weights}) {
      std::multiset<int64_t> rows;
      for (const auto& job : graph.jobs)
        if (job.stage == stage && job.kind == kind)
          for (int64_t row = job.piece.first_row; row < job.piece.last_row; ++row) rows.insert(row);
      const bool none = kind == Job::Kind::weights && !about.defers_weights;
      CHECK(std::ssize(rows) == (none ? 0 : all));
      CHECK(std::set<int64_t>(rows.begin(), rows.end()).size() == rows.size());
    }
  }
}

/// Makes layers of an encoder and a decoder, layer k of both at place k, as in the paper.
std::vector<Stage> two_stacks(int64_t layers) {
  std::vector<Stage> stages;
  for (const auto side : {nn::Side::source, nn::Side::target}) {
    for (int64_t layer = 0; layer < layers; ++layer) {
      Stage stage{.name = (side == nn::Side::source ? "encoder." : "decoder.") + std::to_string(layer), .place = layer};
      stage.side = side;
      stage.recurrent = true;
      if (layer > 0) stage.inputs.push_back({std::ssize(stages) - 1, Needs::steps});
      if (side == nn::Side::target) stage.inputs.push_back({layer, Needs::end});
      stages.push_back(std::move(stage));
    }
  }
  return stages;
}

/// Returns the seconds of an order if each job takes one second, on places that share nothing.
double played(const JobGraph& graph, const std::vector<int64_t>& order) {
  std::vector<SimulatedJob> jobs;
  std::vector<std::vector<int64_t>> needs;
  for (const auto& job : graph.jobs) {
    jobs.push_back({.place = job.place, .work = 1});
    needs.push_back(job.needs);
  }
  SimulatedMachine machine;
  machine.devices.resize(static_cast<size_t>(graph.places));
  for (size_t place = 0; place < machine.devices.size(); ++place) machine.devices[place] = static_cast<int64_t>(place);
  return simulate(jobs, needs, order, machine).seconds;
}

TEST_CASE("wavefront: goes through both stacks in Ts + Tt + L - 1 steps, and back in as many", "[parallel][schedule]") {
  const int64_t layers = GENERATE(1, 2, 4), source = GENERATE(1, 7, 25), target = GENERATE(3, 25);
  CAPTURE(layers, source, target);
  const BatchShape shape{.source = std::vector<int64_t>(static_cast<size_t>(source), 2),
                         .target = std::vector<int64_t>(static_cast<size_t>(target), 2)};
  const auto graph = make_jobs(two_stacks(layers), {shape}, {.chunk = 1});
  const auto order = builtin_schedules().make({.kind = "wavefront", .options = {}})->order(graph);
  // The top layers of the decoder start backward at once, while lower ones still wait: 2 (Ts + Tt) + 2 (L - 1) in all.
  CHECK(played(graph, order) == static_cast<double>(2 * (source + target + layers - 1)));
}

TEST_CASE("micro-batches: P equal stages and M parts wait (P - 1) / (M + P - 1) of the time", "[parallel][schedule]") {
  const int64_t places = GENERATE(1, 2, 4, 7), parts = GENERATE(1, 4, 16);
  CAPTURE(places, parts);
  std::vector<Stage> stages(static_cast<size_t>(places));
  for (int64_t place = 0; place < places; ++place) {
    auto& stage = stages[static_cast<size_t>(place)];
    stage.place = place;
    if (place > 0) stage.inputs = {{place - 1, Needs::steps}};
  }
  const BatchShape shape{.source = {1}, .target = {1, 1}};
  const auto graph = make_jobs(stages, std::vector<BatchShape>(static_cast<size_t>(parts), shape), {.chunk = 0});
  const double seconds = played(graph, MicroBatchSchedule({.count = parts}).order(graph));
  const double worked = static_cast<double>(2 * parts);  // per place: forward and backward of each part
  const double bubble = 1 - worked / seconds;
  CHECK_THAT(bubble, WithinAbs(static_cast<double>(places - 1) / static_cast<double>(parts + places - 1), 1e-12));
}

TEST_CASE("deferred derivatives: do not hold up the places below", "[parallel][schedule]") {
  // Place 4 runs backward first, computes derivatives, and passes gradients through four places that compute none.
  std::vector<Stage> stages(5);
  for (int64_t place = 0; place < 5; ++place) {
    auto& stage = stages[static_cast<size_t>(place)];
    stage.place = place;
    stage.recurrent = true;
    stage.defers_weights = place == 4;
    stage.products = 1;
    if (place > 0) stage.inputs = {{place - 1, Needs::steps}};
  }
  const auto graph = make_jobs(stages, {{.source = {}, .target = {1, 1, 1, 1, 1}}}, {.chunk = 1, .weight_rows = 1});
  const auto seconds = [&](const char* kind) {
    return played(graph, builtin_schedules().make({.kind = kind, .options = {}})->order(graph));
  };
  CHECK(seconds("wavefront") == 4 + 5 + 5 + 4 + 4);    // forward, four derivatives among the backward jobs, and down
  CHECK(seconds("wavefront_deferred") == 4 + 5 + 10);  // the last place to end computes derivatives
}

}  // namespace
}  // namespace seq2seq::parallel
