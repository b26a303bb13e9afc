#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace seq2seq::data {

/// The bytes of a file, decompressed if it is compressed.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads up to `capacity` bytes into `buffer`; returns 0 only at the end. Throws Error naming the file if it is
  /// unreadable, truncated or corrupt.
  virtual std::size_t read(char* buffer, std::size_t capacity) = 0;
  /// Returns the number of bytes of the file itself read so far, for progress.
  virtual int64_t consumed() const = 0;
  /// Returns true if `read` can return without waiting for the program at the other end of a pipe, or for a person.
  virtual bool ready() = 0;
};

/// Opens a file and decompresses gzip and Zstandard, detected by the first bytes, not by the file's name. Throws Error
/// if the file is missing, a folder, unreadable, or compressed in another way.
std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& file);
/// As above, for an open file or pipe, which stays open; `name` is its name in messages. Waits for the first bytes.
std::unique_ptr<ByteSource> open_bytes(int descriptor, const std::string& name);

}  // namespace seq2seq::data
