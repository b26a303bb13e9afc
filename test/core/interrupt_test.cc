#include "seq2seq/core/interrupt.h"

#include <csignal>
#include <unistd.h>

#include <sys/wait.h>

#include "test/support/catch.h"

namespace seq2seq {

TEST_CASE("interrupt: a guarded signal leaves a mark, and a new guard begins without one", "[core][interrupt]") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  {
    const InterruptGuard guard;
    REQUIRE_FALSE(interrupted());
    const InterruptGuard inner;
    std::raise(signal);
    REQUIRE(interrupted());
    const InterruptGuard later;
    REQUIRE(interrupted());  // a guard within a guard forgets nothing
  }
  const InterruptGuard guard;
  REQUIRE_FALSE(interrupted());
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
