#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "seq2seq/data/corpus.h"

namespace seq2seq::data {

/// Reads a text file line by line, in constant memory. Windows line ends and a byte order mark at the start are taken
/// off; a final line end may be there or not.
class LineReader {
 public:
  /// Throws Error when the file is not there, is a folder or may not be read.
  LineReader(std::filesystem::path file, InvalidUtf8 invalid);
  /// The next line without its end; false after the last. A line that is not UTF-8 or holds a NUL byte throws Error
  /// with file, line and column, or comes back empty and not `valid`, as `invalid` says.
  bool next(std::string& line);
  bool valid() const { return valid_; }
  int64_t lines() const { return lines_; }  // read so far
  const std::filesystem::path& file() const { return file_; }

 private:
  std::filesystem::path file_;
  InvalidUtf8 invalid_;
  std::ifstream stream_;
  int64_t lines_ = 0;
  bool valid_ = true;
};

}  // namespace seq2seq::data
