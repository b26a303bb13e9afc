#include "seq2seq/core/run_folder.h"

#include <string>
#include <unistd.h>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq {

using test::ContainsSubstring;
using test::TemporaryFolder;

TEST_CASE("run folder: complete checkpoints are those with a number for a name, ascending", "[core][run]") {
  const TemporaryFolder folder;
  const RunFolder run(folder.path());
  REQUIRE(run.updates().empty());
  for (const char* name : {"9", "12000", "800", ".1000.partial", "01", "7x", "-3"})
    folder.file(std::string("checkpoints/") + name + "/x", "");
  folder.file("checkpoints/55", "a file");
  folder.file("checkpoints/last", "12000");
  REQUIRE(run.updates() == std::vector<int64_t>{9, 800, 12000});
  REQUIRE(run.checkpoint(800) == folder / "checkpoints/800");
}

TEST_CASE("run folder: a slash at the end of its name changes nothing", "[core][run]") {
  REQUIRE(RunFolder("runs/g2p/").root() == "runs/g2p");
  REQUIRE(RunFolder("/").root() == "/");
  REQUIRE(RunFolder("./runs/../runs/g2p").root() == "runs/g2p");
}

TEST_CASE("run folder: holds a run once its description is there", "[core][run]") {
  const TemporaryFolder folder;
  REQUIRE_FALSE(RunFolder(folder.path()).holds_run());
  folder.file("run.json", "{}");
  REQUIRE(RunFolder(folder.path()).holds_run());
}

TEST_CASE("run lock: a second writer is refused, and told who holds the run", "[core][run][error]") {
  const TemporaryFolder folder;
  const RunFolder run(folder.path());
  {
    const RunLock lock(run);
    REQUIRE_THROWS_WITH(RunLock(run), folder.path().string() + ": process " + std::to_string(::getpid()) +
                                          " is using this run. Wait until it ends, or use another folder");
  }
  REQUIRE_NOTHROW(RunLock(run));
}

TEST_CASE("run lock: a folder that cannot be locked is named with the reason", "[core][run][error]") {
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(RunLock(RunFolder(folder / "none")),
                      (folder / "none").string() + ": cannot be locked: No such file or directory");
  // Even root cannot write here.
  REQUIRE_THROWS_WITH(RunLock(RunFolder("/proc/self")), ContainsSubstring("/proc/self: cannot be locked: "));
}

TEST_CASE("run lock: a read-only folder says what to do", "[core][run][error]") {
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const bool root = ::geteuid() == 0;  // root can write everywhere, so become another user for a while
  if (root) REQUIRE(::seteuid(65534) == 0);
  std::string message;
  try {
    const RunLock lock{RunFolder(folder.path())};
  } catch (const Error& error) {
    message = error.what();
  }
  if (root) REQUIRE(::seteuid(0) == 0);
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  REQUIRE(message ==
          folder.path().string() +
              ": cannot be locked: Permission denied. A run writes to its folder; use one with write permission");
}

}  // namespace seq2seq
