#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

namespace seq2seq::run {

/// Lines of text from a stream, checked: UTF-8, no NUL; Windows line ends are taken off.
class LineSource {
 public:
  /// `name` stands for the stream in messages: a file, `<stdin>`.
  LineSource(std::istream& stream, std::string name) : stream_(&stream), name_(std::move(name)) {}
  /// False after the last. Throws Error with name, line and column of the first bad byte.
  bool next(std::string& line);
  int64_t lines() const { return lines_; }

 private:
  std::istream* stream_;
  std::string name_;
  int64_t lines_ = 0;
};

}  // namespace seq2seq::run
