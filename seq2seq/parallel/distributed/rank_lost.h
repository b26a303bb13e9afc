#pragma once

#include <exception>
#include <string>

#include "seq2seq/core/error.h"

namespace seq2seq::parallel {

/// Returns the first line of an exception's message: messages of c10d continue with stack frames.
inline std::string line_of(const std::exception& fault) {
  const std::string text = fault.what();
  return text.substr(0, text.find('\n'));
}

/// An error that all ranks detect and that no single rank caused.
class GroupError final : public Error {
 public:
  using Error::Error;
};

/// Ends a run of several processes because of one of them. Threads of the group may still wait for others, so the
/// program prints the message and leaves by _exit, without running destructors.
class RankLost final : public Error {
 public:
  RankLost(const std::string& message, bool report) : Error(message), report_(report) {}
  /// Returns true if this process prints the message for its machine.
  bool report() const { return report_; }

 private:
  bool report_;
};

}  // namespace seq2seq::parallel
