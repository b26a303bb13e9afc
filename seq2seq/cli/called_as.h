#pragma once

#include <ostream>
#include <streambuf>
#include <string>

namespace seq2seq::cli {

/// A stream of messages in which commands to type name the program as the user called it: where a piece of text that is
/// written has "`seq2seq ", it becomes "`build/release/seq2seq ". All else passes to `out` as it is.
class CalledAs final : private std::streambuf, public std::ostream {
 public:
  CalledAs(std::ostream& out, const std::string& program);

 private:
  std::streamsize xsputn(const char* text, std::streamsize count) override;
  std::streambuf::int_type overflow(std::streambuf::int_type character) override;
  int sync() override;

  std::streambuf* out_;
  std::string command_;  // what stands for "`seq2seq "
};

}  // namespace seq2seq::cli
