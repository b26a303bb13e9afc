#pragma once

namespace seq2seq {

/// While one lives, SIGINT and SIGTERM set a flag instead of ending the program; a second signal ends it at once. The
/// first is answered with `answer` on standard error, so that whoever sent it knows what is being waited for.
/// The only state of the process that a part may look at, because a signal has nowhere else to leave its mark.
class InterruptGuard {
 public:
  /// `answer` must live as long as the guard; null: none.
  explicit InterruptGuard(const char* answer = nullptr);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

/// True once a signal has come. Loops that last ask it between two units of work.
bool interrupted();

}  // namespace seq2seq
