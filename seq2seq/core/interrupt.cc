#include "seq2seq/core/interrupt.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <unistd.h>

namespace seq2seq {

namespace {

std::atomic<int> signals_seen{0};
std::atomic<int> guards{0};
std::atomic<const char*> answer_to_first{nullptr};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<const char*>::is_always_lock_free,
              "a signal handler may touch nothing else");

// SIGHUP: a closed terminal or a lost connection. SIGUSR1: the warning of batch systems before a time limit.
constexpr std::array<int, 4> signals{SIGINT, SIGTERM, SIGHUP, SIGUSR1};
std::array<struct sigaction, signals.size()> before;

void note(int signal) {
  const int interrupted_errno = errno;  // the handler may run between a system call and the look at its error
  if (signals_seen.fetch_add(1) == 0) {
    const char* answer = answer_to_first;
    if (answer != nullptr) [[maybe_unused]]
      const ssize_t written = ::write(STDERR_FILENO, answer, std::strlen(answer));
    errno = interrupted_errno;
    return;
  }
  // Lets a second signal end the program at once.
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

InterruptGuard::InterruptGuard(const char* answer) {
  if (guards.fetch_add(1) > 0) return;
  signals_seen = 0;
  answer_to_first = answer;
  struct sigaction action {};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  // Without SA_RESTART, so that waiting system calls end and their callers can ask interrupted().
  for (size_t i = 0; i < signals.size(); ++i) {
    sigaction(signals[i], &action, &before[i]);
    const bool by_nohup = signals[i] == SIGHUP && before[i].sa_handler == SIG_IGN;
    if (by_nohup) sigaction(SIGHUP, &before[i], nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  if (guards.fetch_sub(1) > 1) return;
  for (size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &before[i], nullptr);
  signals_seen = 0;
}

bool interrupted() { return signals_seen.load() > 0; }

}  // namespace seq2seq
