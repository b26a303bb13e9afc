#include "seq2seq/core/file_lock.h"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <sys/file.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/interrupt.h"

namespace seq2seq {

namespace {

constexpr std::chrono::milliseconds kAskAgain{100};

std::string holder_of(int descriptor) {
  std::string text(32, '\0');
  const ssize_t count = ::pread(descriptor, text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<size_t>(count) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? "another process" : "process " + text;
}

Error not_lockable(const std::filesystem::path& file, int reason) {
  const bool forbidden = reason == EACCES || reason == EPERM || reason == EROFS;
  return {Place{.file = file.parent_path().string()}, "cannot be locked: " + std::generic_category().message(reason),
          forbidden ? "A run writes to its folder; use one with write permission" : ""};
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& file, const std::function<void(const std::string& holder)>& busy) {
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw not_lockable(file, errno);
  try {
    lock(file, busy);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
  // Only for messages. The lock does not depend on it, so a full disk is not an error here.
  const std::string process = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor_, 0) == 0) [[maybe_unused]]
    const ssize_t count = ::pwrite(descriptor_, process.data(), process.size(), 0);
}

void FileLock::lock(const std::filesystem::path& file, const std::function<void(const std::string& holder)>& busy) {
  for (bool reported = false; ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0; reported = true) {
    const int reason = errno;
    if (reason != EWOULDBLOCK) throw not_lockable(file, reason);
    if (!reported) busy(holder_of(descriptor_));
    if (interrupted()) throw Interrupted("interrupted while waiting for another process; nothing was changed");
    std::this_thread::sleep_for(kAskAgain);
  }
}

bool is_locked(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return false;
  const bool locked = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  return locked;
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace seq2seq
