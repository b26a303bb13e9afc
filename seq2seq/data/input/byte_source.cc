#include "seq2seq/data/input/byte_source.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#define ZLIB_CONST  // its input is const, which C could not say in 1995
#include <zlib.h>
#include <zstd.h>

#include "seq2seq/core/error.h"

namespace seq2seq::data {
namespace {

constexpr std::size_t kPackedBlock = std::size_t{1} << 18;  // of packed bytes

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(std::filesystem::path file) : file_(std::move(file)) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file_, ignored)) throw fault("is a folder; a text file is expected");
    stream_.reset(std::fopen(file_.c_str(), "rb"));
    if (!stream_) throw cannot_read();
  }

  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = std::fread(buffer, 1, capacity, stream_.get());
    if (count < capacity && std::ferror(stream_.get()) != 0) throw cannot_read();
    consumed_ += static_cast<int64_t>(count);
    return count;
  }

  int64_t consumed() const override { return consumed_; }

  Error fault(const std::string& problem) const { return Error(Place{file_.string(), 0, 0, {}}, problem); }

  /// Back to the first byte.
  void rewind() {
    std::rewind(stream_.get());
    consumed_ = 0;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  Error cannot_read() const {
    return fault("cannot be read: " + std::generic_category().message(errno == 0 ? EIO : errno));
  }

  std::filesystem::path file_;
  std::unique_ptr<std::FILE, Close> stream_;
  int64_t consumed_ = 0;
};

/// What both packings share: blocks of packed bytes, unpacked on demand, to the end of the last frame.
class PackedSource : public ByteSource {
 public:
  explicit PackedSource(std::unique_ptr<PlainSource> packed) : packed_(std::move(packed)), block_(kPackedBlock) {}
  int64_t consumed() const final { return packed_->consumed(); }

  std::size_t read(char* buffer, std::size_t capacity) final {
    std::size_t made = 0;
    while (made == 0 && capacity > 0) {
      const bool pending = filled_ && inside_;  // unpacked text may wait where the last buffer was full
      if (begin_ == end_ && !pending) {
        begin_ = 0;
        end_ = packed_->read(block_.data(), block_.size());
        if (end_ == 0) {
          if (inside_) throw fault("ends in the middle of its packed text: the file is truncated");
          return 0;
        }
      }
      made = unpack(buffer, capacity);
      filled_ = made == capacity;
    }
    return made;
  }

 protected:
  /// Unpacks from [begin_, end_), moves begin_ and says by inside_ whether a frame is under way; returns how many bytes
  /// came out.
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
    constexpr int kGzipOnly = 15 + 16;  // the largest window, and a gzip header
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw fault("cannot be unpacked: zlib does not start");
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

 private:
  std::size_t unpack(char* buffer, std::size_t capacity) override {
    if (!inside_) inflateReset(&stream_);  // files may be several gzip files one after another
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

  z_stream stream_{};
};

class ZstandardSource final : public PackedSource {
 public:
  explicit ZstandardSource(std::unique_ptr<PlainSource> packed)
      : PackedSource(std::move(packed)), stream_(ZSTD_createDStream()) {
    if (!stream_) throw fault("cannot be unpacked: Zstandard does not start");
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

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& file) {
  auto plain = std::make_unique<PlainSource>(file);
  std::array<char, 4> magic{};
  const std::size_t count = plain->read(magic.data(), magic.size());
  plain->rewind();
  const std::string_view start(magic.data(), count);
  if (start.starts_with("\x1F\x8B")) return std::make_unique<GzipSource>(std::move(plain));
  if (start == "\x28\xB5\x2F\xFD") return std::make_unique<ZstandardSource>(std::move(plain));
  return plain;
}

}  // namespace seq2seq::data
