#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/data/input/byte_source.h"
#include "seq2seq/data/options.h"

namespace seq2seq::data {

/// Reads a text file, compressed or not, line by line, in constant memory. Removes Windows line ends and a byte order
/// mark at the start; the final line end is optional.
class LineReader {
 public:
  /// Throws Error if the file is missing, a folder, or unreadable.
  LineReader(std::filesystem::path file, InvalidUtf8 invalid);
  /// Reads the input of a command, where every fault is an error; `name` is its name in messages.
  LineReader(std::unique_ptr<ByteSource> bytes, const std::string& name);
  /// Reads the next line without its end; returns false after the last. Throws Error for a line of more than 16 MiB. A
  /// line that is not UTF-8 or contains a NUL byte throws Error with file, line and column, or is returned empty and
  /// not `valid`, as `invalid` says.
  bool next(std::string& line);
  /// Returns true if `next` returns without waiting for a writer: the next line is there to its end, or the text is
  /// over.
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

/// Returns all lines of a file, without Windows line ends. Throws Error with file, line and column of the first byte
/// that is NUL or not UTF-8; with `invalid`, such lines are listed instead and returned empty.
std::vector<std::string> read_lines(const std::filesystem::path& file, std::vector<int64_t>* invalid = nullptr);

}  // namespace seq2seq::data
