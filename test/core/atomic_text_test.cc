#include "seq2seq/core/atomic_text.h"

#include <string>
#include <thread>

#include <sys/stat.h>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/small_disk.h"
#include "test/support/temporary_folder.h"

namespace seq2seq {

using test::ContainsSubstring;
using test::content_of;
using test::entries_in;
using test::TemporaryFolder;

TEST_CASE("atomic text: a file of any length is replaced whole, and only by commit", "[core][files]") {
  const TemporaryFolder folder;
  const auto file = folder.file("file", "old");
  const auto lines = GENERATE(0, 1, 20000);  // the last: more than the block that is kept
  std::string all;
  {
    AtomicText text(disk_files(), file);
    for (int i = 0; i < lines; ++i) {
      text.stream() << "line " << i << '\n';
      all += "line " + std::to_string(i) + "\n";
    }
    text.stream().flush();
    CHECK(content_of(file) == "old");
    text.commit();
  }
  CHECK(content_of(file) == all);
  CHECK(entries_in(folder.path()) == 1);
  { AtomicText(disk_files(), file).stream() << "never committed"; }
  CHECK(content_of(file) == all);
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("atomic text: a reader of a pipe gets the text as it comes", "[core][files]") {
  const TemporaryFolder folder;
  const auto pipe = folder.path() / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::string read;
  std::thread reader([&] { read = content_of(pipe); });
  {
    AtomicText text(disk_files(), pipe);
    text.stream() << "one\n";
    text.stream().flush();
    text.stream() << "two\n";
    text.commit();
  }
  reader.join();
  CHECK(read == "one\ntwo\n");
}

TEST_CASE("atomic text: a missing folder, a full disk and a full device are told of by name, and the old text stays",
          "[core][files][error]") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(AtomicText(disk_files(), folder.path() / "none/file"),
                    ContainsSubstring("none/file") && ContainsSubstring("No such file"));
  const auto fill = [](AtomicText& text) {
    for (int i = 0; i < 100000; ++i) text.stream() << "a line\n";
    text.commit();
  };
  AtomicText device(disk_files(), "/dev/full");
  CHECK_THROWS_WITH(fill(device), ContainsSubstring("/dev/full") && ContainsSubstring("No space left"));
  const auto file = folder.file("file", "old");
  {
    const test::SmallDisk disk(100000);
    AtomicText text(disk_files(), file);
    CHECK_THROWS_WITH(fill(text), ContainsSubstring(file.string()) && ContainsSubstring("cannot be written"));
  }
  CHECK(content_of(file) == "old");
  CHECK(entries_in(folder.path()) == 1);
}

}  // namespace seq2seq
