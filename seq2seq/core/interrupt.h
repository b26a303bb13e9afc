#pragma once

namespace seq2seq {

/// While a guard exists, SIGINT, SIGTERM, SIGHUP and SIGUSR1 set a flag instead of ending the program; a second signal
/// ends it at once. SIGHUP stays ignored under nohup. The first signal prints `answer` on standard error, so that the
/// user knows why the program has not ended yet. This is the only global state that parts may read, because a signal
/// handler cannot store its result elsewhere.
class InterruptGuard {
 public:
  /// `answer` must outlive the guard; null: none.
  explicit InterruptGuard(const char* answer = nullptr);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// Returns true if a signal was received and a guard still exists. Long loops check it between two units of work.
bool interrupted();

}  // namespace seq2seq
