#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace seq2seq {

/// The destination of messages for the user: standard error in the program, a string in a test. Results are never
/// written here.
class Log {
 public:
  enum class Level { quiet, normal };  // quiet: warnings only

  /// `speaker`: written before every warning if several processes write to one terminal: `rank 1`.
  explicit Log(std::ostream& out, Level level = Level::normal, std::string speaker = {})
      : out_(&out), level_(level), speaker_(std::move(speaker)) {}
  void say(std::string_view line);   // news; prints nothing if quiet
  void warn(std::string_view line);  // always, after `warning: `
  bool quiet() const { return level_ == Level::quiet; }
  std::ostream& out() { return *out_; }

 private:
  std::ostream* out_;
  Level level_;
  std::string speaker_;
};

}  // namespace seq2seq
