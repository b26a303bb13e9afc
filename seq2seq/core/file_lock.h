#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace seq2seq {

/// Locks a file against other processes (flock) for as long as it exists; a killed process leaves no lock behind. The
/// file is not removed, because two processes could then lock two files of the same name.
class FileLock {
 public:
  /// If another process holds the lock, calls `busy` once with `process 1234`, then waits until it is free. `busy` may
  /// throw instead. Throws Error if the file cannot be locked, and Interrupted if a signal arrives during the wait.
  FileLock(const std::filesystem::path& file, const std::function<void(const std::string& holder)>& busy);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  void lock(const std::filesystem::path& file, const std::function<void(const std::string& holder)>& busy);

  int descriptor_ = -1;
};

/// Returns true if a process holds a lock on the file. Writes nothing, so it also works for files of other users.
bool is_locked(const std::filesystem::path& file);

}  // namespace seq2seq
