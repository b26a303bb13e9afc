#pragma once

#include <filesystem>
#include <memory>

#include "seq2seq/core/file_target.h"
#include "seq2seq/core/files.h"

namespace seq2seq {

/// A new file that is removed at the end, unless it was renamed.
class TemporaryFile {
 public:
  TemporaryFile(Files& files, fs::path path);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const fs::path& path() const { return path_; }
  FileStream& stream() { return *stream_; }
  void rename(const fs::path& to);
  void remove();  // as at the end, but with an error where it fails

 private:
  Files& files_;
  fs::path path_;
  std::unique_ptr<FileStream> stream_;  // null: renamed or removed
};

/// A file that is written piece by piece, completely or not at all: the pieces go into a file beside it until commit().
/// Follows symbolic links. A replaced file keeps its mode and, if permitted, its owner. A file with several names (hard
/// links) keeps them all: once the new text is complete, it is written into the file itself; if that fails, the old
/// text is restored. Only in this case can a killed process leave an incomplete file.
class AtomicFile {
 public:
  /// Throws Error if no file can be created in the folder.
  AtomicFile(Files& files, const fs::path& path);
  FileStream& stream() { return partial_.stream(); }
  void commit();  // without it nothing stays

 private:
  void write_into_target();

  Files& files_;
  FileTarget target_;
  TemporaryFile partial_;
};

/// Throws Error naming the folder or the file if `path` cannot be written, so that the user learns this before hours of
/// work. Changes nothing.
void check_writable(const fs::path& path);

/// The same for a folder that may not exist yet.
void check_folder_writable(const fs::path& path);

}  // namespace seq2seq
