#include "seq2seq/core/available_memory.h"

#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::test {

TEST_CASE("available memory: what the kernel says, or less where a container has a limit", "[core]") {
  const TemporaryFolder folder;
  CHECK_FALSE(available_memory(folder.path()).has_value());
  fs::create_directories(folder / "proc");
  fs::create_directories(folder / "sys/fs/cgroup");
  folder.file("proc/meminfo", "MemTotal:       32 kB\nMemFree:         2 kB\nMemAvailable:   20 kB\nBuffers: 9 kB\n");
  CHECK(available_memory(folder.path()) == 20 * 1024);
  folder.file("sys/fs/cgroup/memory.current", "3000\n");
  folder.file("sys/fs/cgroup/memory.max", "max\n");
  CHECK(available_memory(folder.path()) == 20 * 1024);
  folder.file("sys/fs/cgroup/memory.max", "10000\n");
  CHECK(available_memory(folder.path()) == 7000);
  folder.file("sys/fs/cgroup/memory.stat", "anon 500\nfile 2600\ninactive_file 2000\nactive_file 600\n");
  CHECK(available_memory(folder.path()) == 9000);  // the kernel can drop the pages of inactive files
  folder.file("sys/fs/cgroup/memory.stat", "");
  folder.file("sys/fs/cgroup/memory.max", "100000000\n");
  CHECK(available_memory(folder.path()) == 20 * 1024);
  folder.file("sys/fs/cgroup/memory.max", "1000\n");
  CHECK(available_memory(folder.path()) == 0);
}

}  // namespace seq2seq::test
