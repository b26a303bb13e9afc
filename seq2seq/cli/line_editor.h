#pragma once

#include <memory>
#include <string>

#include "seq2seq/cli/command.h"
#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::cli {

/// Reads lines typed by a person, with a prompt, line editing and a history from libedit. The library is loaded on
/// first use, so the program also runs without it. Without the library, or if the input is not a terminal, lines are
/// read without editing.
class LineEditor {
 public:
  explicit LineEditor(const Streams& streams);
  /// Returns false at the end of the input. Throws Error for a line that is not text; the next call reads the next
  /// line, unless `failed`.
  bool next(std::string& line);
  bool failed() const { return failed_; }  // the input itself cannot be read any more

 private:
  using ReadLine = char* (*)(const char* prompt);
  using AddHistory = int (*)(const char* line);

  const Streams& streams_;
  ReadLine read_line_ = nullptr;  // null: plain lines
  AddHistory add_history_ = nullptr;
  std::unique_ptr<data::LineReader> plain_;
  bool failed_ = false;
};

}  // namespace seq2seq::cli
