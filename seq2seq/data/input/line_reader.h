#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/data/input/byte_source.h"
#include "seq2seq/data/options.h"

namespace seq2seq::data {

/// The advice for a line that is not text, where the section `data` of a configuration applies.
inline constexpr const char* configured_remedy =
    "Correct the line, or set `data.invalid_utf8: drop` to leave out such pairs";
/// The advice elsewhere: for the input of a command, and for texts that a trained run reads.
inline constexpr const char* line_remedy = "Correct the line";

/// Reads a text file, compressed or not, line by line, in constant memory. Removes Windows line ends and a byte order
/// mark at the start; the final line end is optional.
class LineReader {
 public:
  /// Throws Error if the file is missing, a folder, or unreadable. `remedy`: advice for a line that is not text.
  LineReader(std::filesystem::path file, InvalidUtf8 invalid, std::string remedy = configured_remedy);
  /// Reads the input of a command, in which every invalid line is an error; `name` is its name in messages.
  LineReader(std::unique_ptr<ByteSource> bytes, const std::string& name);
  /// Reads the next line without its end; returns false after the last. Throws Error for a line of more than 16 MiB. A
  /// line that is not UTF-8 or contains a NUL byte throws Error with file, line and column, or is returned empty and
  /// not `valid`, depending on `invalid`.
  bool next(std::string& line);
  /// Returns true if `next` can return without waiting for a writer: the next line is complete, or the text has ended.
  bool ready();
  bool valid() const { return valid_; }
  int64_t lines() const { return lines_; }  // read so far
  const std::filesystem::path& file() const { return file_; }
  int64_t consumed() const { return bytes_->consumed(); }  // bytes of the file itself, before decompression

 private:
  bool next_bytes(std::string& line);
  bool fill();

  std::filesystem::path file_;
  InvalidUtf8 invalid_;
  std::string remedy_;  // for a line that is not text
  std::unique_ptr<ByteSource> bytes_;
  std::vector<char> block_;
  std::size_t begin_ = 0, end_ = 0;  // part of the block that has not been returned yet
  bool ended_ = false;
  int64_t lines_ = 0;
  bool valid_ = true;
};

/// Returns all lines of a file, without Windows line ends. Throws Error with file, line and column of the first byte
/// that is NUL or not UTF-8, and `remedy`; with `invalid`, such lines are listed instead and returned empty.
std::vector<std::string> read_lines(const std::filesystem::path& file, std::vector<int64_t>* invalid = nullptr,
                                    const std::string& remedy = configured_remedy);

}  // namespace seq2seq::data
