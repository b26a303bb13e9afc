#include "seq2seq/core/files.h"

#include <string>
#include <string_view>

#include "seq2seq/core/error.h"
#include "test/core/two_files.h"
#include "test/support/catch.h"
#include "test/support/failing_files.h"
#include "test/support/temporary_folder.h"

namespace seq2seq {

using test::ContainsSubstring;
using test::content_of;
using test::entries_in;
using test::FailingFiles;
using test::fill_with;
using test::ForgetfulFiles;
using test::holds;
using test::TemporaryFolder;

TEST_CASE("files: what is written, appended and cut back is what is read", "[core][files]") {
  const TemporaryFolder folder;
  Files& files = disk_files();
  const std::string large(300000, 'x');
  files.write(folder / "file", large);
  REQUIRE(files.read(folder / "file") == large);
  files.write(folder / "file", "first\n");
  files.append(folder / "file", "second\n");
  REQUIRE(content_of(folder / "file") == "first\nsecond\n");
  files.truncate(folder / "file", 6);
  REQUIRE(files.read(folder / "file") == "first\n");
}

TEST_CASE("files: what is written in pieces is read whole and in pieces, and a failure leaves its beginning",
          "[core][files][error]") {
  const TemporaryFolder folder;
  std::string large;
  for (int i = 0; i < 100000; ++i) large += std::to_string(i);
  const auto in_pieces = [&large](const Sink& sink) {
    for (size_t begin = 0; begin < large.size(); begin += 4099) sink(std::string_view(large).substr(begin, 4099));
  };
  write_pieces(disk_files(), folder / "file", in_pieces);
  CHECK(content_of(folder / "file") == large);
  const auto file = disk_files().open(folder / "file");
  CHECK(file->bytes() == large.size());
  std::string found(large.size() + 1, '?');
  CHECK(file->read(found.data(), 1000) == 1000);
  CHECK(file->read(found.data() + 1000, found.size() - 1000) == large.size() - 1000);
  CHECK(file->read(found.data(), 1) == 0);
  CHECK(found == large + "?");
  CHECK_THROWS_WITH(disk_files().open(folder / "none"), ContainsSubstring("none: cannot be read: No such file"));

  FailingFiles failing(disk_files(), 3);  // opening it, the first piece, and half of the second
  CHECK_THROWS_WITH(write_pieces(failing, folder / "half", in_pieces), ContainsSubstring("No space left"));
  CHECK(content_of(folder / "half") == large.substr(0, 4099 + 4099 / 2));
}

TEST_CASE("files: a file without a size is read to its end", "[core][files]") {
  REQUIRE_THAT(disk_files().read("/proc/self/status"), ContainsSubstring("Pid:"));
}

TEST_CASE("files: cutting back never makes a file longer", "[core][files][error]") {
  const TemporaryFolder folder;
  const auto file = folder.file("metrics.jsonl", "12345");
  REQUIRE_THROWS_WITH(disk_files().truncate(file, 9),
                      file.string() + ": has 5 bytes, expected 9: the file is truncated");
  REQUIRE(content_of(file) == "12345");
}

TEST_CASE("files: an operation that fails names file, system's reason and remedy", "[core][files][error]") {
  const TemporaryFolder folder;
  Files& files = disk_files();
  const auto file = folder.file("file", "");
  const auto none = folder / "none";
  CHECK_THROWS_WITH(files.read(none), none.string() + ": cannot be read: No such file or directory");
  CHECK_THROWS_WITH(files.read(folder.path()), folder.path().string() + ": cannot be read: Is a directory");
  CHECK_THROWS_WITH(files.write(none / "x", ""),
                    (none / "x").string() + ": cannot be written: No such file or directory");
  CHECK_THROWS_WITH(files.make_folder(file / "x"), (file / "x").string() + ": cannot be made: Not a directory");
  CHECK_THROWS_WITH(files.rename(none, folder / "to"),
                    (folder / "to").string() + ": cannot be replaced: No such file or directory");
  CHECK_THROWS_WITH(files.truncate(none, 0), none.string() + ": cannot be cut back: No such file or directory");
  CHECK_THROWS_WITH(files.sync_folder(none), none.string() + ": cannot be written: No such file or directory");
}

TEST_CASE("files: a full disk says so and what to do", "[core][files][error]") {
  if (!fs::exists("/dev/full")) {
    WARN("skipped: no /dev/full");
    return;
  }
  REQUIRE_THROWS_WITH(
      disk_files().append("/dev/full", "x"),
      "/dev/full: cannot be written: No space left on device. Free some space and run the command again");
}

TEST_CASE("files: a folder that is not there is told with the file that was asked for", "[core][files][error]") {
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(write_atomically(disk_files(), folder / "nowhere/out", "text"),
                      (folder / "nowhere/out").string() + ": cannot be written: No such file or directory");
}

TEST_CASE("files: a file is replaced whole or not at all, whichever operation fails", "[core][files][error]") {
  const TemporaryFolder folder;
  const auto mode = GENERATE(FailingFiles::Mode::once, FailingFiles::Mode::from_then_on);
  FailingFiles counting(disk_files());
  write_atomically(counting, folder / "file", "old old old");
  for (int nth = 1; nth <= counting.operations(); ++nth) {
    CAPTURE(nth);
    disk_files().write(folder / "file", "old old old");
    FailingFiles files(disk_files(), nth, mode);
    REQUIRE_THROWS_WITH(write_atomically(files, folder / "file", "new new new"), ContainsSubstring("No space left"));
    const std::string left = content_of(folder / "file");
    CHECK((left == "old old old" || left == "new new new"));
    if (mode == FailingFiles::Mode::once) CHECK(entries_in(folder.path()) == 1);
  }
}

TEST_CASE("files: a folder is replaced whole or not at all, whichever operation fails", "[core][files][error]") {
  const TemporaryFolder folder;
  const auto mode = GENERATE(FailingFiles::Mode::once, FailingFiles::Mode::from_then_on);
  const auto target = folder / "12000";
  const auto make = [&](Files& files, const std::string& text) {
    make_folder_atomically(files, target, [&](const fs::path& partial) { fill_with(files, partial, text); });
  };
  make(disk_files(), "old");
  FailingFiles counting(disk_files());
  make(counting, "old");
  for (int nth = 1; nth <= counting.operations(); ++nth) {
    CAPTURE(nth);
    make(disk_files(), "old");
    FailingFiles files(disk_files(), nth, mode);
    REQUIRE_THROWS_WITH(make(files, "new"), ContainsSubstring("No space left"));
    // A process killed between the two renames leaves the old folder under another name, where the next one finds it.
    const auto aside = folder / ".12000.replaced";
    CHECK((fs::exists(target) ? holds(target, "old") || holds(target, "new") : holds(aside, "old")));
    if (mode == FailingFiles::Mode::once) CHECK(fs::exists(target));
  }
  make(disk_files(), "last");
  CHECK(holds(target, "last"));
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("files: a folder whose filling fails leaves nothing behind", "[core][files][error]") {
  const TemporaryFolder folder;
  const auto fill = [](const fs::path& partial) {
    disk_files().write(partial / "half", "x");
    throw Error("the model is not finite");
  };
  REQUIRE_THROWS_WITH(make_folder_atomically(disk_files(), folder / "checkpoint", fill), "the model is not finite");
  REQUIRE(entries_in(folder.path()) == 0);
}

TEST_CASE("files: what was reported as written survives a loss of power", "[core][files]") {
  const TemporaryFolder folder;
  const TemporaryFolder backups;
  ForgetfulFiles files(disk_files(), backups.path());
  const auto fill = [&](const fs::path& partial) { fill_with(files, partial, "new"); };
  const bool replaces = GENERATE(false, true);
  CAPTURE(replaces);
  if (replaces) {
    folder.file("12000/a", "old");
    folder.file("last", "old");
  }
  make_folder_atomically(files, folder / "12000", fill);
  write_atomically(files, folder / "last", "12000");
  files.lose_power();
  REQUIRE(holds(folder / "12000", "new"));
  REQUIRE(content_of(folder / "last") == "12000");
}

}  // namespace seq2seq
