#include "seq2seq/core/interrupt.h"

#include <atomic>
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

struct sigaction before_int, before_term;

void note(int signal) {
  if (signals_seen.fetch_add(1) == 0) {
    const char* answer = answer_to_first;
    if (answer != nullptr) [[maybe_unused]]
      const ssize_t written = ::write(STDERR_FILENO, answer, std::strlen(answer));
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
  // Without SA_RESTART: a program that waits for a line of standard input must notice the signal.
  sigaction(SIGINT, &action, &before_int);
  sigaction(SIGTERM, &action, &before_term);
}

InterruptGuard::~InterruptGuard() {
  if (guards.fetch_sub(1) > 1) return;
  sigaction(SIGINT, &before_int, nullptr);
  sigaction(SIGTERM, &before_term, nullptr);
  signals_seen = 0;
}

bool interrupted() { return signals_seen.load() > 0; }

}  // namespace seq2seq
