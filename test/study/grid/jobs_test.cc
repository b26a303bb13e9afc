#include "seq2seq/study/grid/jobs.h"

#include <csignal>
#include <optional>
#include <string>

#include "seq2seq/core/interrupt.h"
#include "test/support/catch.h"

namespace seq2seq::test {

TEST_CASE("study: jobs fit processors, runs and memory, and share the threads", "[study][jobs]") {
  constexpr int64_t gib = int64_t{1} << 30;
  const auto fit = [](int64_t asked, int64_t processors, int64_t runs, int64_t peak, std::optional<int64_t> available) {
    const auto jobs = study::fit_jobs(asked, processors, runs, peak, available);
    return std::pair(jobs.jobs, jobs.threads);
  };
  using Pair = std::pair<int64_t, int64_t>;
  CHECK(fit(0, 2, 6, gib, 16 * gib) == Pair(2, 1));
  CHECK(fit(0, 8, 2, gib, 16 * gib) == Pair(2, 4));       // no more jobs than runs
  CHECK(fit(0, 8, 20, 4 * gib, 9 * gib) == Pair(2, 4));   // no more than fit into memory
  CHECK(fit(0, 8, 20, 40 * gib, 9 * gib) == Pair(1, 8));  // at least one
  CHECK(fit(0, 8, 20, gib, 0) == Pair(1, 8));             // no memory left
  CHECK(fit(0, 4, 20, 0, {}) == Pair(4, 1));              // without measurements
  CHECK(fit(3, 2, 6, gib, 16 * gib) == Pair(3, 1));       // a given number is used, with one thread each
  CHECK(fit(3, 12, 2, gib, 16 * gib) == Pair(2, 6));
}

TEST_CASE("study: processes are waited for, and what ends otherwise than with work done is told", "[study][jobs]") {
  int ticks = 0;
  const auto run = [&ticks](const std::string& script) {
    return study::run_processes("/bin/sh", {"-c", script}, 2, [&ticks] { ++ticks; });
  };
  CHECK(run("exit 0") == std::vector<std::string>{"", ""});
  CHECK(run("exit 1") == std::vector<std::string>{"", ""});  // a run failed, which is reported elsewhere
  CHECK(run("exit 3").front() == "a worker ended with status 3");
  CHECK(run("kill -9 $$").back() == "a worker was killed by signal 9");
  CHECK(study::run_processes("/nowhere/program", {}, 1, [] {}).front() == "a worker could not be started");
  CHECK(ticks >= 4);
}

TEST_CASE("study: processes end for a program that ignores their end, too", "[study][jobs]") {
  const auto before = std::signal(SIGCHLD, SIG_IGN);  // as inherited from a launcher
  const auto faults = study::run_processes("/bin/sh", {"-c", "exit 3"}, 2, [] {});
  std::signal(SIGCHLD, before);
  CHECK(faults == std::vector<std::string>(2, "a worker ended with an unknown status, because SIGCHLD is ignored"));
}

TEST_CASE("study: a signal is handed on to the processes once", "[study][jobs]") {
  const InterruptGuard guard;
  bool sent = false;
  const auto faults =
      study::run_processes("/bin/sh", {"-c", "trap 'exit 130' TERM; while :; do sleep 0.05; done"}, 2, [&sent] {
        if (!sent) std::raise(SIGINT);
        sent = true;
      });
  CHECK(faults == std::vector<std::string>{"", ""});
}

}  // namespace seq2seq::test
