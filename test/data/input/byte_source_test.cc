#include "seq2seq/data/input/byte_source.h"

#include <array>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>
#include <zlib.h>
#include <zstd.h>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

using namespace seq2seq;
using namespace seq2seq::test;
using namespace seq2seq::data;

namespace {

std::string gzip(const std::string& text) {
  constexpr int kGzip = 15 + 16;
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstandard(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

using Pack = std::string (*)(const std::string&);

std::string read_all(const std::filesystem::path& file, std::size_t at_once) {
  const auto source = open_bytes(file);
  std::vector<char> buffer(at_once);
  std::string text;
  while (const std::size_t count = source->read(buffer.data(), buffer.size())) text.append(buffer.data(), count);
  REQUIRE(source->read(buffer.data(), buffer.size()) == 0);
  REQUIRE(source->consumed() == static_cast<int64_t>(std::filesystem::file_size(file)));
  return text;
}

/// Larger than any internal buffer, and partly incompressible.
std::string long_text() {
  std::mt19937_64 random(1);
  std::string text(3'000'000, 'a');
  for (std::size_t i = 0; i < 1'000'000; ++i) text[i] = static_cast<char>(random());
  return text;
}

}  // namespace

TEST_CASE("bytes: packed files come out as they went in, whatever the buffer", "[data][input]") {
  const TemporaryFolder folder;
  const auto pack = GENERATE(values<Pack>({[](const std::string& text) { return text; }, gzip, zstandard}));
  const std::string text = GENERATE(as<std::string>(), "", "a", "two\nlines\n", long_text());
  const auto at_once = GENERATE(std::size_t{1000}, std::size_t{1} << 20);
  const auto file = folder.file("text", pack(text));

  REQUIRE(read_all(file, at_once) == text);
}

TEST_CASE("bytes: several packed files one after another are one text", "[data][input]") {
  const TemporaryFolder folder;
  const auto pack = GENERATE(values<Pack>({gzip, zstandard}));

  REQUIRE(read_all(folder.file("text", pack("one\n") + pack("") + pack("two\n")), 3) == "one\ntwo\n");
}

TEST_CASE("bytes: a packed file cut anywhere is named as truncated", "[data][input][error]") {
  const TemporaryFolder folder;
  const auto pack = GENERATE(values<Pack>({gzip, zstandard}));
  const auto packed = pack("some text, some text, some more text\n");
  for (std::size_t size = 4; size < packed.size(); ++size) {
    CAPTURE(size);
    const auto file = folder.file("text", packed.substr(0, size));
    REQUIRE_THROWS_WITH(read_all(file, 100), ContainsSubstring("text: ends in the middle of its compressed text"));
  }
}

TEST_CASE("bytes: a packed file that is damaged is named", "[data][input][error]") {
  const TemporaryFolder folder;
  auto packed = gzip("some text, some text, some more text\n");
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 1);  // its checksum
  REQUIRE_THROWS_WITH(read_all(folder.file("text.gz", packed), 100), ContainsSubstring("text.gz: is damaged: gzip"));
  auto other = zstandard("some text, some text, some more text\n");
  other[4] = static_cast<char>(other[4] | 8);  // a reserved bit
  REQUIRE_THROWS_WITH(read_all(folder.file("text.zst", other), 100),
                      ContainsSubstring("text.zst: is damaged: Zstandard"));
}

TEST_CASE("bytes: a file that is not there, and a folder", "[data][input][error]") {
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(open_bytes(folder / "none"), ContainsSubstring("none: cannot be read: No such file"));
  REQUIRE_THROWS_WITH(open_bytes(folder.path()), ContainsSubstring("is a folder; expected a text file"));
}

TEST_CASE("bytes: zeros behind a gzip file are no text, and another file may follow them", "[data][input]") {
  const TemporaryFolder folder;
  const std::string zeros(GENERATE(1, 1000, 1'000'000), '\0');  // the last: more than a block that is read at once

  REQUIRE(read_all(folder.file("text", gzip("one\n") + zeros), 100) == "one\n");
  REQUIRE(read_all(folder.file("text", gzip("one\n") + zeros + gzip("two\n")), 100) == "one\ntwo\n");
  REQUIRE_THROWS_WITH(read_all(folder.file("text", gzip("one\n") + zeros + "x"), 100),
                      ContainsSubstring("is damaged") || ContainsSubstring("truncated"));
}

TEST_CASE("bytes: a file that is packed in another way is named so", "[data][input][error]") {
  using namespace std::string_literals;
  const TemporaryFolder folder;
  // The first bytes of bz2 and lzma of Python, for a text and for none, and those of other programs.
  const auto [start, name] = GENERATE(table<std::string, std::string>({
      {"BZh91AY&SY\x10ib\xf5\0\0\x03Q\x80\0"s, "bzip2"},
      {"BZh11AY&SY\x10i"s, "bzip2"},
      {"BZh9\x17rE8P\x90\0\0\0\0"s, "bzip2"},
      {"\xfd"
       "7zXZ\0\0\x04\xe6\xd6\xb4"
       "F\x02\0"s,
       "xz"},
      {"7z\xBC\xAF\x27\x1C\0\x04"s, "7-Zip"},
      {"PK\3\4\x14\0"s, "zip"},
      {"\x04\x22\x4D\x18\x64"s, "LZ4"},
      {"\x1F\x9D\x90"s, "compress"},
  }));
  REQUIRE_THROWS_WITH(open_bytes(folder.file("text", start)),
                      ContainsSubstring("text: is compressed with " + name + "; decompress it first"));
}

TEST_CASE("bytes: a text that only begins like a packed file is a text", "[data][input]") {
  const TemporaryFolder folder;
  const std::string text =
      GENERATE("B", "BZh", "BZh9", "BZhX1AY&SY", "BZh91AY&SX", "7z", "7zip is a program\n", "PK\n", "\xFD", "(");
  CAPTURE(text);
  REQUIRE(read_all(folder.file("text", text), 3) == text);
}

TEST_CASE("bytes: a pipe is read like a file, packed or not", "[data][input]") {
  const auto pack = GENERATE(values<Pack>({[](const std::string& text) { return text; }, gzip, zstandard}));
  const std::string text = GENERATE("", "a", "two\nlines\n");
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const auto packed = pack(text);
  REQUIRE(::write(ends[1], packed.data(), packed.size()) == std::ssize(packed));
  ::close(ends[1]);
  const auto source = open_bytes(ends[0], "<stdin>");
  std::array<char, 3> buffer{};
  std::string found;
  while (const std::size_t count = source->read(buffer.data(), buffer.size())) found.append(buffer.data(), count);
  CHECK(found == text);
  ::close(ends[0]);
}

TEST_CASE("bytes: a pipe is ready while it holds bytes, and at its end", "[data][input]") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  REQUIRE(::write(ends[1], "ab", 2) == 2);
  const auto source = open_bytes(ends[0], "<stdin>");
  CHECK(source->ready());
  std::array<char, 8> buffer{};
  CHECK(source->read(buffer.data(), buffer.size()) == 2);
  CHECK_FALSE(source->ready());
  REQUIRE(::write(ends[1], "c", 1) == 1);
  CHECK(source->ready());
  CHECK(source->read(buffer.data(), buffer.size()) == 1);
  ::close(ends[1]);
  CHECK(source->ready());
  CHECK(source->read(buffer.data(), buffer.size()) == 0);
  ::close(ends[0]);
}
