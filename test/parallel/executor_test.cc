#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

#include <ATen/ops/arange.h>
#include <sys/wait.h>

#include "seq2seq/parallel/pipeline/serial_executor.h"
#include "seq2seq/parallel/pipeline/split_batch.h"
#include "seq2seq/parallel/pipeline/stall_watch.h"
#include "seq2seq/parallel/pipeline/stream_executor.h"
#include "seq2seq/parallel/pipeline/threaded_executor.h"
#include "seq2seq/parallel/schedule/schedule.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/test_device.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;

/// Makes a chain of stages at places 0, 1, 2, 0 ..., divided into chunks.
JobGraph chain(int64_t stages, int64_t steps, int64_t chunk) {
  std::vector<nn::Stage> all;
  for (int64_t number = 0; number < stages; ++number) {
    nn::Stage stage{.name = "stage." + std::to_string(number), .place = number % 3};
    stage.recurrent = true;
    stage.defers_weights = number % 2 == 0;
    stage.products = 10;
    if (number > 0) stage.inputs = {{number - 1, nn::StageInput::Needs::steps}};
    all.push_back(std::move(stage));
  }
  const std::vector<int64_t> running(static_cast<size_t>(steps), 2);
  return make_jobs(all, {{.source = running, .target = running}}, {.chunk = chunk, .weight_rows = 4});
}

const auto no_stall = [](const std::string& message) { FAIL(message); };

std::vector<std::unique_ptr<Executor>> all_executors() {
  std::vector<std::unique_ptr<Executor>> executors;
  executors.push_back(std::make_unique<SerialExecutor>());
  executors.push_back(std::make_unique<ThreadedExecutor>(3, 1, 300, no_stall));
  executors.push_back(std::make_unique<StreamExecutor>(
      std::vector{test_device(0), c10::Device(c10::kCPU), test_device(0)}, 300, no_stall));
  return executors;
}

TEST_CASE("executors: every job once, after those it needs, and its end is told", "[parallel][executor]") {
  const auto graph = chain(5, 7, GENERATE(1, 3));
  const auto schedule = GENERATE_COPY(from_range(builtin_schedules().names()));
  const auto order = builtin_schedules().make({.kind = schedule, .options = nullptr})->order(graph);
  for (const auto& executor : all_executors()) {
    std::mutex mutex;
    std::vector<int> done(graph.jobs.size(), 0), told(graph.jobs.size(), 0);
    bool in_order = true;
    executor->run(
        graph, order,
        [&](int64_t job) {
          const std::lock_guard lock(mutex);
          for (const int64_t before : graph.jobs[static_cast<size_t>(job)].needs)
            in_order = in_order && done[static_cast<size_t>(before)] == 1;
          ++done[static_cast<size_t>(job)];
        },
        [&](int64_t job, double start, double end) {
          ++told[static_cast<size_t>(job)];
          in_order = in_order && start <= end;
        });
    CHECK(in_order);
    CHECK(done == std::vector<int>(graph.jobs.size(), 1));
    CHECK(told == std::vector<int>(graph.jobs.size(), 1));
  }
}

TEST_CASE("executors: what a job throws leaves run(), and the next update runs", "[parallel][executor][error]") {
  const auto graph = chain(4, 6, 2);
  const auto order = builtin_schedules().make({.kind = "wavefront", .options = nullptr})->order(graph);
  for (const auto& executor : all_executors()) {
    CHECK_THROWS_WITH(executor->run(graph, order,
                                    [&](int64_t job) {
                                      if (job == order[order.size() / 2]) throw std::runtime_error("out of memory");
                                    },
                                    {}),
                      "out of memory");
    std::mutex mutex;
    size_t done = 0;
    executor->run(graph, order,
                  [&](int64_t) {
                    const std::lock_guard lock(mutex);
                    ++done;
                  },
                  {});
    CHECK(done == graph.jobs.size());
  }
}

/// Runs `work` in a separate process; returns its output and exit status.
template <class Work>
std::pair<std::string, int> in_process(const Work& work) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    work([&](const std::string& message) { static_cast<void>(!write(ends[1], message.data(), message.size())); });
    _exit(0);
  }
  close(ends[1]);
  std::string said(4096, '\0');
  size_t length = 0;
  for (ssize_t got = 1; got > 0 && length < said.size(); length += static_cast<size_t>(std::max<ssize_t>(got, 0)))
    got = read(ends[0], said.data() + length, said.size() - length);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  said.resize(length);
  return {said, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
}

TEST_CASE("executors: a stage that hangs ends the process and is named", "[parallel][executor][error]") {
  const auto [said, status] = in_process([](const auto& say) {
    const auto graph = chain(3, 4, 2);
    std::mutex mutex;
    std::condition_variable never;
    ThreadedExecutor executor(3, 1, /*patience=*/0.2, say);
    executor.run(graph, builtin_schedules().make({.kind = "wavefront", .options = nullptr})->order(graph),
                 [&](int64_t job) {
                   if (graph.jobs[static_cast<size_t>(job)].stage != 1) return;
                   std::unique_lock lock(mutex);
                   never.wait(lock, [] { return false; });
                 },
                 {});
  });
  CHECK(status == 1);
  CHECK_THAT(said, ContainsSubstring("stage `stage.1` (forward, steps 0 to 2)"));
}

TEST_CASE("stall watch: what is waited for too long ends the process and is named", "[parallel][executor][error]") {
  const auto [said, status] = in_process([](const auto& say) {
    StallWatch watch(0.2, say);
    watch.look_at([]() -> std::optional<std::string> { return "place 3"; });
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait(lock, [] { return false; });
  });
  CHECK(status == 1);
  CHECK_THAT(said, ContainsSubstring("waiting for place 3"));
}

TEST_CASE("stall watch: a look that fails is not repeated, and leaves the error to the thread that works",
          "[parallel][executor][error]") {
  int looks = 0;
  std::promise<void> looked;
  {
    StallWatch watch(0.05, no_stall);
    watch.look_at([&]() -> std::optional<std::string> {
      if (++looks == 1) looked.set_value();
      throw std::runtime_error("the device failed");
    });
    looked.get_future().wait();
  }
  CHECK(looks == 1);
}

TEST_CASE("split batch: parts have each sentence once, with its key, and say where their rows stand", "[parallel]") {
  const std::vector<int64_t> source{4, 1, 0, 9, 4, 2, 7}, target{3, 5, 1, 2, 1, 2, 4}, keys{70, 71, 72, 73, 74, 75, 76};
  data::Batch batch;
  batch.source = data::pack(random_ids(1, source, 30), keys);
  batch.inputs = data::pack(random_ids(2, target, 30), keys);
  batch.targets = batch.inputs.with(data::pack(random_ids(3, target, 30), keys).rows);
  batch.weights = at::arange(7, at::kFloat);
  const auto sources = data::unpack(batch.source), targets = data::unpack(batch.targets);
  std::vector<int> seen(7, 0);
  const auto parts = split_batch(batch, 3);
  REQUIRE(parts.size() == 3);
  for (const auto& part : parts) {
    const auto own_sources = data::unpack(part.batch.source), own_targets = data::unpack(part.batch.targets);
    for (size_t sentence = 0; sentence < own_sources.size(); ++sentence) {
      const auto at = static_cast<int64_t>(sentence);
      const auto number = part.batch.source.layout->key[at].item<int64_t>() - 70;
      const auto index = static_cast<size_t>(number);
      ++seen[index];
      CHECK(own_sources[sentence] == sources[index]);
      CHECK(own_targets[sentence] == targets[index]);
      CHECK(part.batch.weights[at].item<float>() == static_cast<float>(number));
    }
    CHECK(part.batch.targets.rows.equal(batch.targets.rows.index_select(0, part.target_rows)));
  }
  CHECK(seen == std::vector<int>(7, 1));
  CHECK_FALSE(split_batch(batch, 1).front().target_rows.defined());
  CHECK(split_batch(batch, 100).size() == 7);
}

}  // namespace
}  // namespace seq2seq::parallel
