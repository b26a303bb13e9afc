#include "seq2seq/core/run_folder.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/file.h>

#include "seq2seq/core/error.h"

namespace seq2seq {

namespace {

std::string holder_of(int descriptor) {
  std::string text(32, '\0');
  const ssize_t count = ::pread(descriptor, text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<size_t>(count) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? "another process" : "process " + text;
}

Error not_lockable(const RunFolder& folder, int reason) {
  const bool forbidden = reason == EACCES || reason == EPERM || reason == EROFS;
  return {Place{.file = folder.root().string()}, "cannot be locked: " + std::generic_category().message(reason),
          forbidden ? "A run writes into its folder: name one that you may write to" : ""};
}

}  // namespace

RunFolder::RunFolder(std::filesystem::path root) : root_(std::move(root)) {
  root_ = root_.lexically_normal();
  if (!root_.has_filename() && root_.has_parent_path() && root_ != root_.root_path()) root_ = root_.parent_path();
}

std::filesystem::path RunFolder::checkpoint(int64_t update) const { return checkpoints() / std::to_string(update); }

std::vector<int64_t> RunFolder::updates() const {
  std::vector<int64_t> found;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(checkpoints(), absent)) {
    const std::string name = entry.path().filename().string();
    int64_t update = 0;
    const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), update);
    const bool whole = fault == std::errc() && end == name.data() + name.size() && name == std::to_string(update);
    std::error_code gone;
    if (whole && update >= 0 && entry.is_directory(gone)) found.push_back(update);
  }
  std::sort(found.begin(), found.end());
  return found;
}

bool RunFolder::holds_run() const {
  std::error_code unreadable;
  return std::filesystem::exists(description(), unreadable);
}

RunLock::RunLock(const RunFolder& folder) {
  const auto path = folder.root() / "lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) throw not_lockable(folder, errno);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    const std::string holder = holder_of(descriptor_);
    ::close(descriptor_);
    if (reason != EWOULDBLOCK) throw not_lockable(folder, reason);
    throw Error(Place{.file = folder.root().string()}, holder + " is writing to this run",
                "Wait until it has ended, or name another folder");
  }
  // Only for the message above: that the lock is held does not depend on it, so a full disk is no reason to stop here.
  const std::string process = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor_, 0) == 0) [[maybe_unused]]
    const ssize_t count = ::pwrite(descriptor_, process.data(), process.size(), 0);
}

RunLock::~RunLock() {
  ::close(descriptor_);
}  // the file stays: removing it would let two processes lock two files of that name

}  // namespace seq2seq
