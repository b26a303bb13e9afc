#include "seq2seq/data/input/byte_source.h"

#include <random>
#include <string>
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

/// Larger than any buffer inside, and partly such that it does not shrink.
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
    REQUIRE_THROWS_WITH(read_all(file, 100), ContainsSubstring("text: ends in the middle of its packed text"));
  }
}

TEST_CASE("bytes: a packed file that is damaged is named", "[data][input][error]") {
  const TemporaryFolder folder;
  auto packed = gzip("some text, some text, some more text\n");
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 1);  // its checksum
  REQUIRE_THROWS_WITH(read_all(folder.file("text.gz", packed), 100), ContainsSubstring("text.gz: is damaged: gzip"));
  auto other = zstandard("some text, some text, some more text\n");
  other[4] = static_cast<char>(other[4] | 8);  // a bit that is reserved
  REQUIRE_THROWS_WITH(read_all(folder.file("text.zst", other), 100),
                      ContainsSubstring("text.zst: is damaged: Zstandard"));
}

TEST_CASE("bytes: a file that is not there, and a folder", "[data][input][error]") {
  const TemporaryFolder folder;
  REQUIRE_THROWS_WITH(open_bytes(folder / "none"), ContainsSubstring("none: cannot be read: No such file"));
  REQUIRE_THROWS_WITH(open_bytes(folder.path()), ContainsSubstring("is a folder; a text file is expected"));
}
