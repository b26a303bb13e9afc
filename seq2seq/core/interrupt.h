#pragma once

namespace seq2seq {

/// While one lives, SIGINT and SIGTERM set a flag instead of ending the program; a second signal ends it at once. The
/// first is answered with `answer` on standard error, so that the user knows what the program waits for.
/// This is the only global state that a part may read: a signal handler has no other place for its result.
class InterruptGuard {
 public:
  /// `answer` must live as long as the guard; null: none.
  explicit InterruptGuard(const char* answer = nullptr);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// Whether a signal has come. Long loops check it between two units of work.
bool interrupted();

}  // namespace seq2seq
