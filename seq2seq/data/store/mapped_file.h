#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "seq2seq/core/error.h"

namespace seq2seq::data {

/// A file's bytes, mapped for reading. If another program truncates the file, or its disk fails, a page can no longer
/// be read: the program then exits with status 1 and prints one line that names the file.
class MappedFile {
 public:
  /// Throws Error naming the file.
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::byte* data() const { return start_; }
  std::size_t size() const { return size_; }
  bool holds(const void* address) const { return address >= start_ && address < start_ + size_; }
  const Place& place() const { return place_; }
  /// Returns the message for a page that cannot be read.
  const std::string& page_is_missing() const { return page_is_missing_; }

 private:
  Place place_;
  std::string page_is_missing_;
  const std::byte* start_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace seq2seq::data
