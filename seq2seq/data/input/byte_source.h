#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace seq2seq::data {

/// The bytes of a file one after another, unpacked where it is packed.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Up to `capacity` bytes into `buffer`; 0 only at the end. Throws Error naming the file: not readable, truncated,
  /// corrupt.
  virtual std::size_t read(char* buffer, std::size_t capacity) = 0;
  /// Bytes of the file itself read so far, for progress.
  virtual int64_t consumed() const = 0;
};

/// gzip and Zstandard are known by their first bytes, whatever the file's name. Throws Error when the file is not
/// there, is a folder or may not be read.
std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& file);

}  // namespace seq2seq::data
