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

/// Makes an error from a file's name, the failed operation and `reason`, an errno, with advice. A temporary file is
/// reported under the name of the file that it replaces.
Error file_error(const fs::path& path, std::string_view what, int reason);

/// A file that is read sequentially, in pieces.
class InputFile {
 public:
  virtual ~InputFile() = default;
  virtual uint64_t bytes() const = 0;  // its length when it was opened
  /// Reads the next `count` bytes into `to` and returns how many there were: fewer only at the end of the file.
  virtual size_t read(char* to, size_t count) = 0;
};

/// Receives the bytes of a file, piece by piece.
using Sink = std::function<void(std::string_view)>;

/// A new file that is written piece by piece, without buffering. Errors name the file.
class FileStream {
 public:
  virtual ~FileStream() = default;  // closes the file
  virtual void append(std::string_view bytes) = 0;
  virtual void write_at(uint64_t position, std::string_view bytes) = 0;         // overwrites bytes appended before
  virtual std::string read_at(uint64_t position, std::size_t bytes) const = 0;  // fewer at the end of the file
  virtual void finish() = 0;                                                    // syncs and closes the file
};

/// The file-system interface. The program writes every permanent file through it, so that a test can make any operation
/// fail and check that no incomplete file stays. `disk_files()` is the real implementation.
class Files {
 public:
  virtual ~Files() = default;
  virtual std::string read(const fs::path& path) const = 0;  // throws Error naming the file and the system's reason
  /// Opens a file that may be too large for one string. The default reads the whole file.
  virtual std::unique_ptr<InputFile> open(const fs::path& path) const;
  virtual void write(const fs::path& path, std::string_view bytes) = 0;  // writes and syncs; not atomic
  virtual void append(const fs::path& path, std::string_view bytes) = 0;
  virtual std::unique_ptr<FileStream> create(const fs::path& path) = 0;  // a new file; an existing one is removed
  virtual void truncate(const fs::path& path, uint64_t bytes) = 0;
  virtual void rename(const fs::path& from, const fs::path& to) = 0;
  /// Gives `to` the mode of `from`, and its owner and group if permitted.
  virtual void copy_permissions(const fs::path& from, const fs::path& to) = 0;
  virtual void make_folder(const fs::path& path) = 0;  // with its parents
  virtual void sync_folder(const fs::path& path) = 0;
  virtual void remove(const fs::path& path) = 0;  // with all its contents; may be absent
};

Files& disk_files();

/// Writes and syncs the bytes that `make` passes to the sink; not atomic.
void write_pieces(Files& files, const fs::path& path, const std::function<void(const Sink&)>& make);

/// Returns bytes in memory as a file to read.
std::unique_ptr<InputFile> in_memory(std::string bytes);

/// Replaces the contents of `path`, or leaves them unchanged: writes a temporary file, syncs and renames it, and syncs
/// the folder. See `AtomicFile` for links, permissions and devices.
void write_atomically(Files& files, const fs::path& path, std::string_view bytes);

/// Makes a folder completely or not at all: `fill` writes into a temporary folder, which is then synced and renamed. An
/// existing folder is replaced only after the new one is complete, which keeps its mode and owner. Follows symbolic
/// links.
void make_folder_atomically(Files& files, const fs::path& path, const std::function<void(const fs::path&)>& fill);

/// Removes the leftovers of a killed call beside a complete folder.
void remove_leftovers(Files& files, const fs::path& path);

}  // namespace seq2seq
