#include "seq2seq/study/record/gzip.h"

#include <memory>
#include <new>
#include <zlib.h>

#include "seq2seq/core/error.h"

namespace seq2seq::study {

namespace {

constexpr int gzip_window = 15 + 16;  // the largest window, with gzip's header and trailer
constexpr size_t block_bytes = size_t{1} << 16;

Bytef* as_bytes(std::string_view text) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));  // NOLINT: zlib only reads
}

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  constexpr int memory_level = 9;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  const std::unique_ptr<z_stream, decltype(&deflateEnd)> end(&stream, deflateEnd);
  std::string packed(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = as_bytes(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = as_bytes(packed);
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) throw std::bad_alloc();
  packed.resize(stream.total_out);
  return packed;
}

std::string gunzip(std::string_view packed, std::size_t most, const std::filesystem::path& file) {
  const auto damaged = [&file](const char* how) { return FormatError(Place{.file = file.string()}, how); };
  z_stream stream{};
  if (inflateInit2(&stream, gzip_window) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&stream, inflateEnd);
  stream.next_in = as_bytes(packed);
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string bytes;
  for (int state = Z_OK; state != Z_STREAM_END;) {
    const size_t before = bytes.size();
    if (before > most) throw damaged("decompresses to more than expected");
    bytes.resize(before + block_bytes);
    stream.next_out = as_bytes(bytes) + before;
    stream.avail_out = static_cast<uInt>(block_bytes);
    state = inflate(&stream, Z_NO_FLUSH);
    bytes.resize(before + block_bytes - stream.avail_out);
    if (state == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0)) continue;
    if (state != Z_STREAM_END) throw damaged(state == Z_OK || state == Z_BUF_ERROR ? "is truncated" : "is not gzip");
  }
  return bytes;
}

}  // namespace seq2seq::study
