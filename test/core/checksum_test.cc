#include "seq2seq/core/checksum.h"

#include <string>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq {

TEST_CASE("checksum: equals the published examples of SHA-256", "[core][checksum][witness]") {
  // NIST, "Cryptographic Standards and Guidelines: Examples with Intermediate Values"; the million is from RFC 6234.
  const auto [text, sum] = GENERATE(table<std::string, std::string>({
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1000000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  }));
  REQUIRE(sha256(text) == sum);
}

TEST_CASE("checksum: pieces and files give what the whole gives", "[core][checksum]") {
  const test::TemporaryFolder folder;
  const std::string text(3000001, 'x');
  Sha256 pieces;
  pieces.add(text.substr(0, 1));
  pieces.add("");
  pieces.add(text.substr(1));
  REQUIRE(pieces.finish() == sha256(text));
  REQUIRE(sha256_of_file(folder.file("file", text)) == sha256(text));
}

TEST_CASE("checksum: a file that cannot be read is named with the reason", "[core][checksum][error]") {
  const test::TemporaryFolder folder;
  REQUIRE_THROWS_WITH(sha256_of_file(folder / "none"),
                      (folder / "none").string() + ": cannot be read: No such file or directory");
  REQUIRE_THROWS_WITH(sha256_of_file(folder.path()), folder.path().string() + ": cannot be read: Is a directory");
}

}  // namespace seq2seq
