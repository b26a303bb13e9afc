#pragma once

#include <ostream>
#include <streambuf>
#include <string>

namespace seq2seq::cli {

/// A stream that shows the program's name in messages as the user called it: replaces "`seq2seq " by, for example,
/// "`build/release/seq2seq ". Passes all other text to `out` unchanged.
class CalledAs final : private std::streambuf, public std::ostream {
 public:
  CalledAs(std::ostream& out, const std::string& program);

 private:
  std::streamsize xsputn(const char* text, std::streamsize count) override;
  std::streambuf::int_type overflow(std::streambuf::int_type character) override;
  int sync() override;

  std::streambuf* out_;
  std::string command_;  // replaces "`seq2seq "
};

}  // namespace seq2seq::cli
