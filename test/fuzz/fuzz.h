#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unistd.h>

#include <sys/mman.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"

namespace seq2seq::fuzz {

/// Asserts a property of a reader; if it is false, libFuzzer keeps the input.
inline void require(bool claim, std::string_view what) {
  if (claim) return;
  std::fprintf(stderr, "finding: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

/// Checks a message: lines of printable text, each of which begins with the place of the fault.
inline void check_message(std::string_view message, std::string_view begin) {
  require(!find_text_fault(message), "a message that is not UTF-8");
  for (const auto line : split(message, '\n')) {
    require(line.starts_with(begin), "a message that does not name its file: " + std::string(line));
    for (const char c : line)
      require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "a control character in a message");
  }
}

/// Calls a reader with arbitrary bytes. It may accept them, or throw an Error that names `file` on one line. Anything
/// else is a finding.
template <class Read>
void may_refuse(const std::string& file, const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    check_message(error.what(), file);
    const bool one_line = std::string_view(error.what()).find('\n') == std::string_view::npos;
    require(one_line || dynamic_cast<const UsageError*>(&error) != nullptr, "a message of several lines");
  }
}

inline std::string_view text_of(const uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A file in memory, for readers that take a path.
class MemoryFile {
 public:
  MemoryFile() : handle_(memfd_create("input", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(handle_)) {
    require(handle_ >= 0, "no file in memory");
  }
  ~MemoryFile() { ::close(handle_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void write(std::string_view bytes) {
    const bool empty = ::ftruncate(handle_, 0) == 0;
    require(empty && ::pwrite(handle_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
            "no memory");
  }
  const std::string& path() const { return path_; }

 private:
  int handle_;
  std::string path_;
};

}  // namespace seq2seq::fuzz
