#pragma once

namespace seq2seq {

/// While a guard exists, SIGINT and SIGTERM set a flag instead of ending the program; a second signal ends it at once.
/// The first signal prints `answer` on standard error, so that the user knows what the program is waiting for. This is
/// the only global state that a part may read: a signal handler cannot store its result elsewhere.
class InterruptGuard {
 public:
  /// `answer` must live as long as the guard; null: none.
  explicit InterruptGuard(const char* answer = nullptr);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// Returns true if a signal was received and a guard still exists. Long loops check it between two units of work.
bool interrupted();

}  // namespace seq2seq
