#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/data/input/byte_source.h"
#include "seq2seq/data/options.h"

namespace seq2seq::data {

/// Reads a text file, packed or not, line by line, in constant memory. Windows line ends and a byte order mark at the
/// start are taken off; a final line end may be there or not.
class LineReader {
 public:
  /// Throws Error when the file is not there, is a folder or may not be read.
  LineReader(std::filesystem::path file, InvalidUtf8 invalid);
  /// Reads text that a command is given, where every fault is an error; `name` stands for it in messages.
  LineReader(std::unique_ptr<ByteSource> bytes, const std::string& name);
  /// The next line without its end; false after the last. A line beyond 16 MiB throws Error; one that is not UTF-8 or
  /// holds a NUL byte throws Error with file, line and column, or comes back empty and not `valid`, as `invalid` says.
  bool next(std::string& line);
  /// Whether `next` returns without waiting for a writer: the next line is there to its end, or the text is over.
  bool ready();
  bool valid() const { return valid_; }
  int64_t lines() const { return lines_; }  // read so far
  const std::filesystem::path& file() const { return file_; }
  int64_t consumed() const { return bytes_->consumed(); }  // bytes of the file, packed as it is

 private:
  bool next_bytes(std::string& line);
  bool fill();

  std::filesystem::path file_;
  InvalidUtf8 invalid_;
  std::string remedy_;  // of a line that is no text
  std::unique_ptr<ByteSource> bytes_;
  std::vector<char> block_;
  std::size_t begin_ = 0, end_ = 0;  // what of the block is not handed out yet
  bool ended_ = false;
  int64_t lines_ = 0;
  bool valid_ = true;
};

/// All lines of a file, checked: valid UTF-8, no NUL, a final line end or not, Windows line ends taken off. Throws
/// Error with file, line and column of the first bad byte; with `invalid` the bad lines are listed instead (and come
/// back empty).
std::vector<std::string> read_lines(const std::filesystem::path& file, std::vector<int64_t>* invalid = nullptr);

}  // namespace seq2seq::data
