#include "seq2seq/config/yaml_file.h"

#include <string>

#include <sys/stat.h>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::config {

using seq2seq::test::ContainsSubstring;

TEST_CASE("yaml file: is read whole, up to 16 MiB", "[config][yaml]") {
  const seq2seq::test::TemporaryFolder folder;
  const std::string most(size_t{16} << 20, '#');
  CHECK(read_yaml_file(folder.file("some.yaml", "seed: 1\n")) == "seed: 1\n");
  CHECK(read_yaml_file(folder.file("empty.yaml", "")).empty());
  CHECK(read_yaml_file(folder.file("most.yaml", most)) == most);
  const auto more = folder.file("more.yaml", most + "#");
  CHECK_THROWS_WITH(read_yaml_file(more), ContainsSubstring("more.yaml: is longer than 16 MiB"));
}

TEST_CASE("yaml file: pipes, devices, folders and missing files are named", "[config][yaml][error]") {
  const seq2seq::test::TemporaryFolder folder;
  const auto pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const auto& [file, problem] : {std::pair{pipe, "is a pipe or a device"},
                                      {"/dev/zero", "is a pipe or a device"},
                                      {folder.path(), "is a folder, not a YAML file"},
                                      {folder / "none.yaml", "cannot be read: No such file"}}) {
    CAPTURE(file);
    CHECK_THROWS_AS(read_yaml_file(file), UsageError);
    CHECK_THROWS_WITH(read_yaml_file(file), ContainsSubstring(file.string() + ": " + problem));
  }
}

}  // namespace seq2seq::config
