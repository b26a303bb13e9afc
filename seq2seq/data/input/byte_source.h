#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

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
  /// Whether `read` returns without waiting for the program at the other end of a pipe, or for a person.
  virtual bool ready() = 0;
};

/// Unpacks gzip and Zstandard, which it knows by their first bytes, whatever the file's name. Throws Error when the
/// file is not there, is a folder, may not be read, or is packed in another way.
std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& file);
/// The same from an open file or pipe, which stays open; `name` stands for it in messages. Waits for the first bytes.
std::unique_ptr<ByteSource> open_bytes(int descriptor, const std::string& name);

}  // namespace seq2seq::data
