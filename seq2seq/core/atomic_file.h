#pragma once

#include <filesystem>
#include <memory>

#include "seq2seq/core/file_target.h"
#include "seq2seq/core/files.h"

namespace seq2seq {

/// A new file that is removed by the destructor unless it was renamed.
class TemporaryFile {
 public:
  TemporaryFile(Files& files, fs::path path);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const fs::path& path() const { return path_; }
  FileStream& stream() { return *stream_; }
  void rename(const fs::path& to);
  void remove();  // like the destructor, but throws if it fails

 private:
  Files& files_;
  fs::path path_;
  std::unique_ptr<FileStream> stream_;  // null after it was renamed or removed
};

/// A file that is written piece by piece, completely or not at all: the pieces go into a file beside it until commit().
/// Follows symbolic links. A replaced file keeps its mode and, if permitted, its owner. A file with several names (hard
/// links) keeps them all: the complete new text is written into the file itself; if that fails, the old text is
/// restored. Only in this case can a killed process leave an incomplete file.
class AtomicFile {
 public:
  /// Throws Error if no file can be created in the folder.
  AtomicFile(Files& files, const fs::path& path);
  FileStream& stream() { return partial_.stream(); }
  void commit();  // without it the file does not change

 private:
  void write_into_target();

  Files& files_;
  FileTarget target_;
  TemporaryFile partial_;
};

/// Throws Error naming the folder or the file if `path` cannot be written, so that the user learns this before hours of
/// work. Does not change anything.
void check_writable(const fs::path& path);

/// As check_writable(), for a folder that may not exist yet.
void check_folder_writable(const fs::path& path);

}  // namespace seq2seq
