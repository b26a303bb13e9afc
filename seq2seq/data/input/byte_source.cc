#include "seq2seq/data/input/byte_source.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#define ZLIB_CONST  // makes zlib's input const
#include <zlib.h>
#include <zstd.h>

#include "seq2seq/core/error.h"

namespace seq2seq::data {
namespace {

constexpr std::size_t kPackedBlock = std::size_t{1} << 18;  // compressed bytes

using namespace std::string_view_literals;

/// A compression format, and the first bytes of its files; `#` stands for a digit.
struct Packing {
  std::string_view start;
  std::string_view name;
};
constexpr Packing kGzip{"\x1F\x8B"sv, "gzip"}, kZstandard{"\x28\xB5\x2F\xFD"sv, "Zstandard"};
constexpr std::array kPackings{
    kGzip,
    kZstandard,
    Packing{"BZh#1AY&SY"sv, "bzip2"},
    Packing{"BZh#\x17rE8P\x90"sv, "bzip2"},  // an empty text
    Packing{"\xFD"
            "7zXZ\0"sv,
            "xz"},
    Packing{"7z\xBC\xAF\x27\x1C"sv, "7-Zip"},
    Packing{"PK\3\4"sv, "zip"},
    Packing{"\x04\x22\x4D\x18"sv, "LZ4"},
    Packing{"\x1F\x9D"sv, "compress"},
};

/// Returns true if one of `text` and `start` begins with the other.
bool agree(std::string_view text, std::string_view start) {
  for (std::size_t i = 0; i < std::min(text.size(), start.size()); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (start[i] == '#' ? !digit : text[i] != start[i]) return false;
  }
  return true;
}

bool starts_as(const Packing& packing, std::string_view text) {
  return text.size() >= packing.start.size() && agree(text, packing.start);
}

/// Returns true if more bytes are needed to decide whether a file is compressed.
bool undecided(std::string_view text) {
  return std::any_of(kPackings.begin(), kPackings.end(), [text](const Packing& packing) {
    return text.size() < packing.start.size() && agree(text, packing.start);
  });
}

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(const std::filesystem::path& file) : name_(file.string()), owned_(true) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) throw fault("is a folder; expected a text file");
    descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) throw cannot_read();
  }
  PlainSource(int descriptor, std::string name) : name_(std::move(name)), descriptor_(descriptor) {}
  ~PlainSource() override {
    if (owned_) ::close(descriptor_);
  }
  PlainSource(const PlainSource&) = delete;
  PlainSource& operator=(const PlainSource&) = delete;

  /// Returns the first bytes, as many as show how the text is compressed. `read` returns them again, because a pipe
  /// cannot be rewound.
  std::string_view start() {
    std::array<char, 16> bytes{};
    while (undecided(start_)) {
      const std::size_t count = read_more(bytes.data(), bytes.size());
      if (count == 0) break;
      start_.append(bytes.data(), count);
    }
    return start_;
  }

  std::size_t read(char* buffer, std::size_t capacity) override {
    std::size_t count = start_.copy(buffer, capacity);
    start_.erase(0, count);
    if (count == 0) count = read_more(buffer, capacity);
    consumed_ += static_cast<int64_t>(count);
    return count;
  }

  int64_t consumed() const override { return consumed_; }

  bool ready() override { return !start_.empty() || poll(/*milliseconds=*/0); }

  Error fault(const std::string& problem, const std::string& remedy = {}) const {
    return Error(Place{name_, 0, 0, {}}, problem, remedy);
  }

 private:
  std::size_t read_more(char* buffer, std::size_t capacity) const {
    for (;;) {
      const ssize_t count = ::read(descriptor_, buffer, capacity);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno == EAGAIN) poll(/*milliseconds=*/-1);  // a pipe that another program has made non-blocking
      if (errno != EINTR && errno != EAGAIN) throw cannot_read();
    }
  }

  /// Waits for bytes, the end or an error; -1: without a time limit. Returns false on timeout.
  bool poll(int milliseconds) const {
    pollfd request{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return ::poll(&request, 1, milliseconds) > 0;
  }

  Error cannot_read() const { return fault("cannot be read: " + std::generic_category().message(errno)); }

  std::string name_;
  int descriptor_ = -1;
  bool owned_ = false;
  std::string start_;  // read by `start`, but not yet returned by `read`
  int64_t consumed_ = 0;
};

/// Common part of both formats: decompresses blocks of bytes on demand, to the end of the last frame.
class PackedSource : public ByteSource {
 public:
  explicit PackedSource(std::unique_ptr<PlainSource> packed) : packed_(std::move(packed)), block_(kPackedBlock) {}
  int64_t consumed() const final { return packed_->consumed(); }
  bool ready() final { return begin_ != end_ || (filled_ && inside_) || packed_->ready(); }

  std::size_t read(char* buffer, std::size_t capacity) final {
    std::size_t made = 0;
    while (made == 0 && capacity > 0) {
      const bool pending = filled_ && inside_;  // more output may be waiting if the last buffer was full
      if (begin_ == end_ && !pending) {
        begin_ = 0;
        end_ = packed_->read(block_.data(), block_.size());
        if (end_ == 0) {
          if (inside_) throw fault("ends in the middle of its compressed text: the file is truncated");
          return 0;
        }
      }
      made = unpack(buffer, capacity);
      filled_ = made == capacity;
    }
    return made;
  }

 protected:
  /// Decompresses from [begin_, end_), advances begin_ and sets inside_ if a frame has not ended. Returns the number of
  /// bytes written.
  virtual std::size_t unpack(char* buffer, std::size_t capacity) = 0;
  Error fault(const std::string& problem) const { return packed_->fault(problem); }
  const char* data() const { return block_.data() + begin_; }
  std::size_t left() const { return end_ - begin_; }
  void take(std::size_t count) { begin_ += count; }

  bool inside_ = false;

 private:
  std::unique_ptr<PlainSource> packed_;
  std::vector<char> block_;
  std::size_t begin_ = 0, end_ = 0;
  bool filled_ = false;
};

class GzipSource final : public PackedSource {
 public:
  explicit GzipSource(std::unique_ptr<PlainSource> packed) : PackedSource(std::move(packed)) {
    constexpr int kGzipOnly = 15 + 16;  // the largest window, and only gzip headers
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw fault("cannot be decompressed: zlib failed to start");
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

 private:
  std::size_t unpack(char* buffer, std::size_t capacity) override {
    if (!inside_ && !begin_next()) return 0;
    inside_ = true;
    stream_.next_in = reinterpret_cast<const Bytef*>(data());
    stream_.avail_in = static_cast<uInt>(left());
    stream_.next_out = reinterpret_cast<Bytef*>(buffer);
    stream_.avail_out = static_cast<uInt>(capacity);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      throw fault(fmt::format("is damaged: gzip says {}", stream_.msg == nullptr ? "no more" : stream_.msg));
    }
    take(left() - stream_.avail_in);
    inside_ = status != Z_STREAM_END;
    return capacity - stream_.avail_out;
  }

  /// A file may consist of several gzip files one after another, followed by zeros that fill up a block of a tape.
  bool begin_next() {
    while (left() > 0 && *data() == '\0') take(1);
    inflateReset(&stream_);
    return left() > 0;
  }

  z_stream stream_{};
};

class ZstandardSource final : public PackedSource {
 public:
  explicit ZstandardSource(std::unique_ptr<PlainSource> packed)
      : PackedSource(std::move(packed)), stream_(ZSTD_createDStream()) {
    if (!stream_) throw fault("cannot be decompressed: Zstandard failed to start");
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };

  std::size_t unpack(char* buffer, std::size_t capacity) override {
    ZSTD_inBuffer in{data(), left(), 0};
    ZSTD_outBuffer out{buffer, capacity, 0};
    const std::size_t status = ZSTD_decompressStream(stream_.get(), &out, &in);
    if (ZSTD_isError(status) != 0) throw fault(fmt::format("is damaged: Zstandard says {}", ZSTD_getErrorName(status)));
    take(in.pos);
    inside_ = status != 0;
    return out.pos;
  }

  std::unique_ptr<ZSTD_DStream, Free> stream_;
};

std::unique_ptr<ByteSource> unpacked(std::unique_ptr<PlainSource> plain) {
  const auto start = plain->start();
  if (starts_as(kGzip, start)) return std::make_unique<GzipSource>(std::move(plain));
  if (starts_as(kZstandard, start)) return std::make_unique<ZstandardSource>(std::move(plain));
  for (const auto& packing : kPackings) {
    if (!starts_as(packing, start)) continue;
    throw plain->fault(fmt::format("is compressed with {}; decompress it first", packing.name),
                       "Only plain text, gzip and Zstandard can be read");
  }
  return plain;
}

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& file) {
  return unpacked(std::make_unique<PlainSource>(file));
}

std::unique_ptr<ByteSource> open_bytes(int descriptor, const std::string& name) {
  return unpacked(std::make_unique<PlainSource>(descriptor, name));
}

}  // namespace seq2seq::data
