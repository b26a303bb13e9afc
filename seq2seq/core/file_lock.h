#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace seq2seq {

/// Holds a file against other processes (flock) as long as it lives; a killed process leaves no lock behind. The file
/// stays: removing it would let two processes lock two files of that name.
class FileLock {
 public:
  /// If another process holds it, calls `busy` once with `process 1234`, then waits until it is free. `busy` may throw
  /// instead. Throws Error if the file cannot be locked, and Interrupted if a signal arrives while it waits.
  FileLock(const std::filesystem::path& file, const std::function<void(const std::string& holder)>& busy);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  void lock(const std::filesystem::path& file, const std::function<void(const std::string& holder)>& busy);

  int descriptor_ = -1;
};

}  // namespace seq2seq
