#pragma once

#include <exception>
#include <string>

#include "seq2seq/core/error.h"

namespace seq2seq::parallel {

/// The first line of what an exception says: c10d's continue with the frames of its stack.
inline std::string line_of(const std::exception& fault) {
  const std::string text = fault.what();
  return text.substr(0, text.find('\n'));
}

/// A fault of the ranks together: each finds it, and none is to blame alone.
class GroupError final : public Error {
 public:
  using Error::Error;
};

/// The end of a run of several processes because of one of them. Threads of the group may still wait for others, so the
/// program leaves by _exit, after the message and without running destructors of what it holds.
class RankLost final : public Error {
 public:
  RankLost(const std::string& message, bool report) : Error(message), report_(report) {}
  /// Returns true if this process is the one of its machine that says so.
  bool report() const { return report_; }

 private:
  bool report_;
};

}  // namespace seq2seq::parallel
