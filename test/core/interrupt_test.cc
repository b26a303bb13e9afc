#include "seq2seq/core/interrupt.h"

#include <csignal>
#include <string>
#include <unistd.h>

#include <sys/wait.h>

#include "test/support/catch.h"

namespace seq2seq {

TEST_CASE("interrupt: a guarded signal leaves a mark, and a new guard begins without one", "[core][interrupt]") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP, SIGUSR1);
  {
    const InterruptGuard guard;
    REQUIRE_FALSE(interrupted());
    const InterruptGuard inner;
    std::raise(signal);
    REQUIRE(interrupted());
    const InterruptGuard later;
    REQUIRE(interrupted());  // a nested guard keeps the signal
  }
  REQUIRE_FALSE(interrupted());  // an earlier signal does not stop work without a guard
  const InterruptGuard guard;
  REQUIRE_FALSE(interrupted());
}

TEST_CASE("interrupt: a process started by nohup goes on after SIGHUP", "[core][interrupt]") {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  {
    const InterruptGuard guard;
    std::raise(SIGHUP);
    CHECK_FALSE(interrupted());
  }
  std::signal(SIGHUP, before);
}

TEST_CASE("interrupt: the first signal is answered on standard error, as the outer guard says", "[core][interrupt]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    const InterruptGuard guard("it stops");
    const InterruptGuard inner("not this");
    std::raise(SIGTERM);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  char text[64] = {};
  REQUIRE(::read(ends[0], text, sizeof(text) - 1) > 0);
  CHECK(std::string(text) == "it stops");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("interrupt: the second signal ends the process at once", "[core][interrupt]") {
  const pid_t child = ::fork();
  if (child == 0) {
    const InterruptGuard guard;
    std::raise(SIGTERM);
    std::raise(SIGTERM);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGTERM);
}

TEST_CASE("interrupt: after the guard, a signal does what it did before", "[core][interrupt]") {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);
    { const InterruptGuard guard; }
    std::raise(SIGINT);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
}

}  // namespace seq2seq
