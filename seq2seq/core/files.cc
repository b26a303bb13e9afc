#include "seq2seq/core/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/file_lock.h"
#include "seq2seq/core/file_target.h"
#include "seq2seq/core/working_directory.h"

namespace seq2seq {

namespace {

constexpr std::array<std::string_view, 4> kTemporary{"partial", "replaced", "offsets", "provisional"};

/// Repeats a call that a signal interrupted.
template <class Call>
auto again(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// An open file that the destructor closes.
class Descriptor {
 public:
  Descriptor(fs::path path, int flags, std::string_view what) : path_(std::move(path)), what_(what) {
    // Uses a descriptor of this process as it is: opening it by name would truncate a file that a shell appends to
    // (`>>`), and is impossible for a socket.
    const auto own = (flags & O_ACCMODE) == O_WRONLY ? own_descriptor(path_) : std::nullopt;
    number_ =
        own ? ::fcntl(*own, F_DUPFD_CLOEXEC, 0) : again([&] { return ::open(path_.c_str(), flags | O_CLOEXEC, 0666); });
    if (number_ < 0) fail();
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  uint64_t size() {
    struct stat status {};
    if (::fstat(number_, &status) != 0) fail();
    return static_cast<uint64_t>(status.st_size);
  }

  size_t read_some(char* to, size_t count) {
    size_t filled = 0;
    while (filled < count) {
      const ssize_t more = again([&] { return ::read(number_, to + filled, count - filled); });
      if (more < 0) fail();
      if (more == 0) break;
      filled += static_cast<size_t>(more);
    }
    return filled;
  }

  std::string read_all() {
    std::string bytes(size() + 1, '\0');  // one more byte, to detect the end without growing
    size_t filled = 0;
    for (;;) {  // until the end: a pipe has no size
      if (filled == bytes.size()) bytes.resize(2 * filled + 4096);
      const ssize_t count = again([&] { return ::read(number_, bytes.data() + filled, bytes.size() - filled); });
      if (count < 0) fail();
      if (count == 0) break;
      filled += static_cast<size_t>(count);
    }
    bytes.resize(filled);
    return bytes;
  }

  void write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = again([&] { return ::write(number_, bytes.data(), bytes.size()); });
      if (count < 0) fail();
      bytes.remove_prefix(static_cast<size_t>(count));
    }
  }

  void write_at(uint64_t position, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count =
          again([&] { return ::pwrite(number_, bytes.data(), bytes.size(), static_cast<off_t>(position)); });
      if (count < 0) fail();
      position += static_cast<uint64_t>(count);
      bytes.remove_prefix(static_cast<size_t>(count));
    }
  }

  std::string read_at(uint64_t position, size_t most) const {
    std::string bytes(most, '\0');
    size_t filled = 0;
    while (filled < most) {
      const ssize_t count = again([&] {
        return ::pread(number_, bytes.data() + filled, most - filled, static_cast<off_t>(position + filled));
      });
      if (count < 0) throw file_error(path_, "read", errno);
      if (count == 0) break;
      filled += static_cast<size_t>(count);
    }
    bytes.resize(filled);
    return bytes;
  }

  void truncate(uint64_t bytes) {
    struct stat status {};
    if (::fstat(number_, &status) != 0) fail();
    if (static_cast<uint64_t>(status.st_size) < bytes) {  // ftruncate would fill it up with zeros
      throw Error(Place{.file = path_.string()},
                  fmt::format("has {} bytes, expected {}: the file is truncated", status.st_size, bytes));
    }
    if (again([&] { return ::ftruncate(number_, static_cast<off_t>(bytes)); }) != 0) fail();
  }

  void sync() {
    // Pipes, terminals and folders of some network file systems cannot be synced; the error is then EINVAL or EROFS.
    if (again([&] { return ::fsync(number_); }) != 0 && errno != EINVAL && errno != EROFS) fail();
  }

  /// Shows is_locked() that the file is being written. Not all file systems have locks.
  void lock() { ::flock(number_, LOCK_EX | LOCK_NB); }

  /// Some file systems report a full disk only here.
  void close() {
    const int number = number_;
    number_ = -1;
    if (::close(number) != 0 && errno != EINTR) fail();
  }

 private:
  [[noreturn]] void fail() const { throw file_error(path_, what_, errno); }

  fs::path path_;
  std::string_view what_;
  int number_ = -1;
};

class DiskFile final : public InputFile {
 public:
  explicit DiskFile(const fs::path& path) : file_(path, O_RDONLY, "read"), bytes_(file_.size()) {}
  uint64_t bytes() const override { return bytes_; }
  size_t read(char* to, size_t count) override { return file_.read_some(to, count); }

 private:
  Descriptor file_;
  uint64_t bytes_;
};

class MemoryFile final : public InputFile {
 public:
  explicit MemoryFile(std::string bytes) : bytes_(std::move(bytes)) {}
  uint64_t bytes() const override { return bytes_.size(); }
  size_t read(char* to, size_t count) override {
    const size_t taken = std::min(count, bytes_.size() - position_);
    std::memcpy(to, bytes_.data() + position_, taken);
    position_ += taken;
    return taken;
  }

 private:
  std::string bytes_;
  size_t position_ = 0;
};

class DiskStream final : public FileStream {
 public:
  explicit DiskStream(const fs::path& path) : file_(path, O_RDWR | O_CREAT | O_EXCL, "written") { file_.lock(); }
  void append(std::string_view bytes) override { file_.write_all(bytes); }
  void write_at(uint64_t position, std::string_view bytes) override { file_.write_at(position, bytes); }
  std::string read_at(uint64_t position, size_t bytes) const override { return file_.read_at(position, bytes); }
  void finish() override {
    file_.sync();
    file_.close();
  }

 private:
  Descriptor file_;
};

class DiskFiles final : public Files {
 public:
  std::string read(const fs::path& path) const override { return Descriptor(path, O_RDONLY, "read").read_all(); }
  std::unique_ptr<InputFile> open(const fs::path& path) const override { return std::make_unique<DiskFile>(path); }

  void write(const fs::path& path, std::string_view bytes) override { put(path, bytes, O_TRUNC); }
  void append(const fs::path& path, std::string_view bytes) override { put(path, bytes, O_APPEND); }

  std::unique_ptr<FileStream> create(const fs::path& path) override {
    if (is_locked(path))
      throw Error(Place{.file = path.string()}, "is being written by another process", "Choose another file, or wait");
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw file_error(path, "written", errno);
    return std::make_unique<DiskStream>(path);
  }

  void truncate(const fs::path& path, uint64_t bytes) override {
    Descriptor file(path, O_WRONLY, "cut back");
    file.truncate(bytes);
    file.sync();
    file.close();
  }

  void rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) throw file_error(to, "replaced", errno);
  }

  void copy_permissions(const fs::path& from, const fs::path& to) override {
    struct stat status {};
    if (::stat(from.c_str(), &status) != 0) throw file_error(from, "read", errno);
    constexpr mode_t all = 07777, without_set_id = 01777;
    // Sets the owner first, because a change of owner clears bits of the mode. Only root may set the owner; members of
    // a group may set the group.
    const bool same_owner = ::chown(to.c_str(), status.st_uid, status.st_gid) == 0;
    if (::chmod(to.c_str(), status.st_mode & (same_owner ? all : without_set_id)) != 0)
      throw file_error(to, "written", errno);
  }

  void make_folder(const fs::path& path) override {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) throw file_error(path, "made", error.value());
  }

  void sync_folder(const fs::path& path) override { Descriptor(path, O_RDONLY | O_DIRECTORY, "written").sync(); }

  void remove(const fs::path& path) override {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) throw file_error(path, "removed", error.value());
  }

 private:
  static void put(const fs::path& path, std::string_view bytes, int how) {
    Descriptor file(path, O_WRONLY | O_CREAT | how, "written");
    file.write_all(bytes);
    file.sync();
    file.close();
  }
};

bool is_temporary(const std::string& name, size_t dot) {
  return dot != std::string::npos && dot > 1 && name.front() == '.' &&
         std::find(kTemporary.begin(), kTemporary.end(), name.substr(dot + 1)) != kTemporary.end();
}

/// Returns `folder/name` for `folder/.name.partial`: the user knows only the final name.
fs::path as_the_user_knows_it(const fs::path& path) {
  fs::path known;
  for (const auto& part : path) {
    auto name = part.string();
    for (auto end = name.rfind('.'); is_temporary(name, end); end = name.rfind('.')) name = name.substr(1, end - 1);
    known /= name;
  }
  return known;
}

}  // namespace

Error file_error(const fs::path& path, std::string_view what, int reason) {
  const auto known = as_the_user_knows_it(path);
  if (reason == ENOENT && known.is_relative() && working_directory_is_gone()) return working_directory_error(known);
  std::string remedy;
  if (reason == ENOSPC || reason == EDQUOT) remedy = "Free some space and run the command again";
  if (reason == EACCES || reason == EPERM || reason == EROFS)
    remedy = "Use a path with write permission, or change its permissions";
  if (reason == EFBIG) remedy = "Raise the limit on file sizes (`ulimit -f`) and run the command again";
  return {Place{.file = known.string()}, fmt::format("cannot be {}: {}", what, std::generic_category().message(reason)),
          remedy};
}

std::unique_ptr<InputFile> Files::open(const fs::path& path) const { return in_memory(read(path)); }

void write_pieces(Files& files, const fs::path& path, const std::function<void(const Sink&)>& make) {
  const auto stream = files.create(path);
  make([&stream](std::string_view piece) { stream->append(piece); });
  stream->finish();
}

std::unique_ptr<InputFile> in_memory(std::string bytes) { return std::make_unique<MemoryFile>(std::move(bytes)); }

Files& disk_files() {
  static DiskFiles files;
  return files;
}

}  // namespace seq2seq
