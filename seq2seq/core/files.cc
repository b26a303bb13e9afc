#include "seq2seq/core/files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include "seq2seq/core/error.h"

namespace seq2seq {

namespace {

/// A signal may cut a call short: it is made again.
template <class Call>
auto again(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// An open file that is closed at the end.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, std::string_view what) : path_(path), what_(what) {
    number_ = again([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); });
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
    std::string bytes(size() + 1, '\0');  // one more, so that the end is seen without growing
    size_t filled = 0;
    for (;;) {  // until nothing comes: a pipe has no size to go by
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

  void truncate(uint64_t bytes) {
    struct stat status {};
    if (::fstat(number_, &status) != 0) fail();
    if (static_cast<uint64_t>(status.st_size) < bytes) {  // ftruncate would fill it up with zeros
      throw Error(Place{.file = path_.string()},
                  fmt::format("holds {} bytes, and {} were expected: its end is missing", status.st_size, bytes));
    }
    if (again([&] { return ::ftruncate(number_, static_cast<off_t>(bytes)); }) != 0) fail();
  }

  void sync() {
    // Pipes, terminals and folders of some network file systems cannot be synced: EINVAL, EROFS says so.
    if (again([&] { return ::fsync(number_); }) != 0 && errno != EINVAL && errno != EROFS) fail();
  }

  /// Some file systems tell of a full disk only here.
  void close() {
    const int number = number_;
    number_ = -1;
    if (::close(number) != 0 && errno != EINTR) fail();
  }

 private:
  [[noreturn]] void fail() const { throw file_error(path_, what_, errno); }

  const fs::path& path_;
  std::string_view what_;
  int number_ = -1;
};

class DiskFile final : public InputFile {
 public:
  explicit DiskFile(fs::path path) : path_(std::move(path)), file_(path_, O_RDONLY, "read"), bytes_(file_.size()) {}
  uint64_t bytes() const override { return bytes_; }
  size_t read(char* to, size_t count) override { return file_.read_some(to, count); }

 private:
  fs::path path_;  // the descriptor refers to it
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

class DiskFiles final : public Files {
 public:
  std::string read(const fs::path& path) const override { return Descriptor(path, O_RDONLY, "read").read_all(); }
  std::unique_ptr<InputFile> open(const fs::path& path) const override { return std::make_unique<DiskFile>(path); }

  void write(const fs::path& path, std::string_view bytes) override { put(path, bytes, O_TRUNC); }
  void write_pieces(const fs::path& path, const std::function<void(const Sink&)>& make) override {
    Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC, "written");
    make([&file](std::string_view piece) { file.write_all(piece); });
    file.sync();
    file.close();
  }
  void append(const fs::path& path, std::string_view bytes) override { put(path, bytes, O_APPEND); }

  void truncate(const fs::path& path, uint64_t bytes) override {
    Descriptor file(path, O_WRONLY, "cut back");
    file.truncate(bytes);
    file.sync();
    file.close();
  }

  void rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) throw file_error(to, "replaced", errno);
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

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// A name beside `path`, always the same: what a killed process left there is found and overwritten by the next.
fs::path beside(const fs::path& path, std::string_view ending) {
  return folder_of(path) / fmt::format(".{}.{}", path.filename().string(), ending);
}

/// Runs `work`; if it throws, tries `undo` and throws on. That undoing fails too would only hide the reason.
template <class Work, class Undo>
void or_undo(const Work& work, const Undo& undo) {
  try {
    work();
  } catch (...) {
    try {
      undo();
    } catch (const std::exception&) {  // told by the first
    }
    throw;
  }
}

}  // namespace

Error file_error(const fs::path& path, std::string_view what, int reason) {
  std::string remedy;
  if (reason == ENOSPC || reason == EDQUOT) remedy = "Free some space there and run the command again";
  if (reason == EACCES || reason == EPERM || reason == EROFS)
    remedy = "Name a place that you may use, or change its rights";
  return {Place{.file = path.string()}, fmt::format("cannot be {}: {}", what, std::generic_category().message(reason)),
          remedy};
}

std::unique_ptr<InputFile> Files::open(const fs::path& path) const { return in_memory(read(path)); }

void Files::write_pieces(const fs::path& path, const std::function<void(const Sink&)>& make) {
  std::string bytes;
  make([&bytes](std::string_view piece) { bytes += piece; });
  write(path, bytes);
}

std::unique_ptr<InputFile> in_memory(std::string bytes) { return std::make_unique<MemoryFile>(std::move(bytes)); }

Files& disk_files() {
  static DiskFiles files;
  return files;
}

void write_atomically(Files& files, const fs::path& path, std::string_view bytes) {
  const fs::path partial = beside(path, "partial");
  std::error_code unknown;
  if (!fs::exists(folder_of(path), unknown) && !unknown) throw file_error(path, "written", ENOENT);
  or_undo(
      [&] {
        files.write(partial, bytes);
        files.rename(partial, path);
      },
      [&] { files.remove(partial); });
  files.sync_folder(folder_of(path));
}

void make_folder_atomically(Files& files, const fs::path& path, const std::function<void(const fs::path&)>& fill) {
  const fs::path folder = (path / "").parent_path();  // without a slash at its end
  const fs::path partial = beside(folder, "partial");
  const fs::path replaced = beside(folder, "replaced");
  if (!fs::exists(folder) && fs::exists(replaced))
    files.rename(replaced, folder);  // killed between the two renames below
  or_undo(
      [&] {
        files.remove(partial);
        files.make_folder(partial);
        fill(partial);
        files.sync_folder(partial);
        if (fs::exists(folder)) {
          files.remove(replaced);
          files.rename(folder, replaced);
        }
        or_undo([&] { files.rename(partial, folder); },
                [&] {
                  if (fs::exists(replaced)) files.rename(replaced, folder);
                });
      },
      [&] { files.remove(partial); });
  files.sync_folder(folder_of(folder));
  files.remove(replaced);
}

void remove_leftovers(Files& files, const fs::path& path) {
  for (const auto* ending : {"partial", "replaced"}) {
    const auto left = beside((path / "").parent_path(), ending);
    if (fs::exists(left)) files.remove(left);
  }
}

}  // namespace seq2seq
