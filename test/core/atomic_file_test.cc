#include "seq2seq/core/atomic_file.h"

#include <array>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "seq2seq/core/error.h"
#include "test/core/two_files.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/support/small_disk.h"
#include "test/support/temporary_folder.h"

namespace seq2seq {

using test::ContainsSubstring;
using test::content_of;
using test::entries_in;
using test::FailingFiles;
using test::fill_with;
using test::holds;
using test::TemporaryFolder;

namespace {

fs::perms mode_of(const fs::path& file) { return fs::status(file).permissions(); }

ino_t number_of(const fs::path& file) {
  struct stat status {};
  REQUIRE(::lstat(file.c_str(), &status) == 0);
  return status.st_ino;
}

/// Sets the mask of file permissions during its lifetime.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

}  // namespace

TEST_CASE("files: a symbolic link stays one, and what it names is replaced", "[core][files]") {
  const TemporaryFolder folder;
  const auto target = folder.file("elsewhere/target", "old");
  fs::create_directory(folder / "links");
  fs::create_symlink("../elsewhere/target", folder / "links/first");
  fs::create_symlink("first", folder / "links/second");
  write_atomically(disk_files(), folder / "links/second", "new");
  CHECK(content_of(target) == "new");
  CHECK(fs::is_symlink(folder / "links/first"));
  CHECK(fs::is_symlink(folder / "links/second"));
  CHECK(entries_in(folder / "links") == 2);
  CHECK(entries_in(folder / "elsewhere") == 1);

  fs::create_symlink(folder / "elsewhere/later", folder / "links/dangling");
  write_atomically(disk_files(), folder / "links/dangling", "made");
  CHECK(content_of(folder / "elsewhere/later") == "made");
  CHECK(fs::is_symlink(folder / "links/dangling"));

  fs::create_symlink("circle", folder / "links/circle");
  CHECK_THROWS_WITH(write_atomically(disk_files(), folder / "links/circle", "x"),
                    ContainsSubstring("links/circle: cannot be written: Too many levels of symbolic links"));
}

TEST_CASE("files: a second writer of a file is refused, and the first one finishes", "[core][files][error]") {
  const TemporaryFolder folder;
  AtomicFile first(disk_files(), folder / "x");
  first.stream().append("first");
  CHECK_THROWS_WITH(AtomicFile(disk_files(), folder / "x"), ContainsSubstring("is being written by another process"));
  first.commit();
  CHECK(content_of(folder / "x") == "first");
  write_atomically(disk_files(), folder / "x", "second");
  CHECK(content_of(folder / "x") == "second");
}

TEST_CASE("files: a file that is replaced keeps its mode, and a new one gets the mode of the user's mask",
          "[core][files]") {
  const TemporaryFolder folder;
  const Umask mask(022);
  const auto file = folder.file("file", "old");
  for (const mode_t mode : {0600U, 0444U, 0660U, 0755U}) {
    CAPTURE(mode);
    fs::permissions(file, fs::perms(mode));
    write_atomically(disk_files(), file, "new");
    CHECK(mode_of(file) == fs::perms(mode));
  }
  write_atomically(disk_files(), folder / "made", "new");
  CHECK(mode_of(folder / "made") == fs::perms(0644));
}

TEST_CASE("files: a file that root replaces keeps its owner", "[core][files]") {
  if (::geteuid() != 0) {
    WARN("skipped: only root gives files away");
    return;
  }
  const TemporaryFolder folder;
  const auto file = folder.file("file", "old");
  REQUIRE(::chown(file.c_str(), 1234, 4321) == 0);
  write_atomically(disk_files(), file, "new");
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK(status.st_uid == 1234);
  CHECK(status.st_gid == 4321);
}

TEST_CASE("files: all names of a file show the new text", "[core][files]") {
  const TemporaryFolder folder;
  const auto file = folder.file("file", "old and longer");
  fs::create_hard_link(file, folder / "other");
  const auto number = number_of(file);
  write_atomically(disk_files(), file, "new");
  CHECK(content_of(folder / "other") == "new");
  CHECK(number_of(file) == number);
  CHECK(fs::hard_link_count(file) == 2);
  CHECK(entries_in(folder.path()) == 2);
}

TEST_CASE("files: where a file with several names cannot be written, its old text is put back",
          "[core][files][error]") {
  const TemporaryFolder folder;
  const auto file = folder.file("file", "old");
  fs::create_hard_link(file, folder / "other");
  FailingFiles counting(disk_files());
  write_atomically(counting, file, "new new new");
  for (int nth = 1; nth <= counting.operations(); ++nth) {
    CAPTURE(nth);
    disk_files().write(file, "old");
    FailingFiles files(disk_files(), nth);
    CHECK_THROWS_WITH(write_atomically(files, file, "new new new"), ContainsSubstring("No space left"));
    const bool last = nth == counting.operations();  // the folder is synced after all writes
    CHECK(content_of(folder / "other") == (last ? "new new new" : "old"));
    CHECK(fs::hard_link_count(file) == 2);
    CHECK(entries_in(folder.path()) == 2);
  }
}

TEST_CASE("files: what is written into a pipe or a device goes through it, and nothing replaces it", "[core][files]") {
  const TemporaryFolder folder;
  const auto pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  fs::create_symlink(pipe, folder / "link");
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  write_atomically(disk_files(), folder / "link", "through");
  std::array<char, 64> bytes{};
  CHECK(::read(reader, bytes.data(), bytes.size()) == 7);
  CHECK(std::string(bytes.data()) == "through");
  ::close(reader);
  CHECK(fs::is_fifo(pipe));
  CHECK(entries_in(folder.path()) == 2);

  if (::geteuid() == 0) {  // root could replace it, so the test makes its own device
    REQUIRE(::mknod((folder / "null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0);
    const auto opens = ::open((folder / "null").c_str(), O_WRONLY);  // a file system may forbid devices
    if (opens >= 0) {
      ::close(opens);
      write_atomically(disk_files(), folder / "null", "nothing");
    }
    CHECK(fs::is_character_file(folder / "null"));
  }
}

TEST_CASE("files: a descriptor that is named as a file is written where it stands", "[core][files]") {
  const TemporaryFolder folder;
  const auto file = folder.file("file", "before\n");
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_APPEND);  // as by `>>`
  REQUIRE(descriptor >= 0);
  const std::string number = std::to_string(descriptor);
  fs::create_symlink("/proc/self/fd/" + number, folder / "link");  // like /dev/stdout
  for (const fs::path& name : {fs::path("/dev/fd/" + number), folder / "link"}) {
    check_writable(name);
    write_atomically(disk_files(), name, "more\n");
  }
  ::close(descriptor);
  CHECK(content_of(file) == "before\nmore\nmore\n");
}

TEST_CASE("files: a folder behind a symbolic link is replaced there, and keeps its mode", "[core][files]") {
  const TemporaryFolder folder;
  folder.file("elsewhere/data/a", "old");
  fs::permissions(folder / "elsewhere/data", fs::perms(0750));
  fs::create_directory_symlink("elsewhere/data", folder / "data");
  make_folder_atomically(disk_files(), folder / "data",
                         [&](const fs::path& partial) { fill_with(disk_files(), partial, "new"); });
  CHECK(fs::is_symlink(folder / "data"));
  CHECK(holds(folder / "elsewhere/data", "new"));
  CHECK(mode_of(folder / "elsewhere/data") == fs::perms(0750));
  CHECK(entries_in(folder / "elsewhere") == 1);
}

TEST_CASE("files: a place that cannot be written is found without writing, and the folder is named",
          "[core][files][error]") {
  const TemporaryFolder folder;
  const auto file = folder.file("file", "old");
  const auto none = folder / "none";
  CHECK_THROWS_WITH(check_writable(none / "out"), none.string() + ": no such folder. Create it, or use another path " +
                                                      "than `" + (none / "out").string() + "`");
  CHECK_THROWS_WITH(check_writable(file / "out"), ContainsSubstring(file.string() + ": is a file; expected a folder"));
  CHECK_THROWS_WITH(check_writable(folder.path()), folder.path().string() + ": is a folder; expected a file name");
  // Even root cannot write here.
  CHECK_THROWS_WITH(check_writable("/proc/out"), ContainsSubstring("/proc: cannot be written: "));
  CHECK_THROWS_WITH(check_folder_writable("/proc/runs/new"), ContainsSubstring("/proc: cannot be written: "));
  CHECK_THROWS_WITH(check_folder_writable(file / "run"),
                    ContainsSubstring(file.string() + ": is a file; expected a folder"));
  check_writable(file);
  check_writable(folder / "out");
  check_writable("/dev/null");
  check_folder_writable(none / "run");
  CHECK(content_of(file) == "old");
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("files: a limit on the size of files says so, and the file is named as the user knows it",
          "[core][files][error]") {
  const TemporaryFolder folder;
  const test::SmallDisk disk(3);
  CHECK_THROWS_WITH(
      write_atomically(disk_files(), folder / "out", "too long"),
      (folder / "out").string() +
          ": cannot be written: File too large. Raise the limit on file sizes (`ulimit -f`) and run the command again");
  CHECK(entries_in(folder.path()) == 0);
}

}  // namespace seq2seq
