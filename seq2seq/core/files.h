#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "seq2seq/core/error.h"

namespace seq2seq {

namespace fs = std::filesystem;

/// `FILE: cannot be written: No space left on device. Free some space ...`; `reason` is an errno.
Error file_error(const fs::path& path, std::string_view what, int reason);

/// A file that is read from its beginning to its end, in pieces.
class InputFile {
 public:
  virtual ~InputFile() = default;
  virtual uint64_t bytes() const = 0;  // its length when it was opened
  /// Fills `to` with the next `count` bytes and returns how many there were: fewer only at the end of the file.
  virtual size_t read(char* to, size_t count) = 0;
};

/// Takes the bytes of a file, piece by piece.
using Sink = std::function<void(std::string_view)>;

/// The seam to the file system: every file the program keeps is written through it, so that a test can make any
/// operation fail and see that nothing half-written stays. `disk_files()` is the real one.
class Files {
 public:
  virtual ~Files() = default;
  virtual std::string read(const fs::path& path) const = 0;  // throws Error naming the file and the system's reason
  /// Opens a file that may be too large to hold as one string. Unless overridden, reads all of it.
  virtual std::unique_ptr<InputFile> open(const fs::path& path) const;
  virtual void write(const fs::path& path, std::string_view bytes) = 0;  // writes and syncs; not atomic by itself
  /// Writes and syncs what `make` hands to the sink. Unless overridden, gathers the pieces first.
  virtual void write_pieces(const fs::path& path, const std::function<void(const Sink&)>& make);
  virtual void append(const fs::path& path, std::string_view bytes) = 0;
  virtual void truncate(const fs::path& path, uint64_t bytes) = 0;
  virtual void rename(const fs::path& from, const fs::path& to) = 0;
  virtual void make_folder(const fs::path& path) = 0;  // with its parents
  virtual void sync_folder(const fs::path& path) = 0;
  virtual void remove(const fs::path& path) = 0;  // with all that lies in it; absent is fine
};

Files& disk_files();

/// Bytes in memory, read as a file.
std::unique_ptr<InputFile> in_memory(std::string bytes);

/// Replaces `path` by `bytes` or leaves it as it was: written beside it, synced, renamed, the folder synced.
void write_atomically(Files& files, const fs::path& path, std::string_view bytes);

/// Makes a folder whole or not at all: `fill` writes into a temporary folder beside it, which is then synced and
/// renamed. A folder that is already there is replaced only after the new one is complete.
void make_folder_atomically(Files& files, const fs::path& path, const std::function<void(const fs::path&)>& fill);

/// Removes what a call that was killed left beside a folder that is whole.
void remove_leftovers(Files& files, const fs::path& path);

}  // namespace seq2seq
