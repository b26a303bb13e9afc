#include "seq2seq/data/store/store_file.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"

namespace seq2seq::data {
namespace {

constexpr int64_t kNarrow = 1 << 16;  // ids below it fit two bytes
constexpr std::size_t kFileBlock = std::size_t{1} << 20;

}  // namespace

std::string store_checksum(StoreHeader header, const std::string& contents) {
  header.sha256.fill('\0');
  return sha256(std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + contents);
}

uint64_t store_offsets_at(const StoreHeader& header) {
  constexpr uint64_t kAlign = sizeof(uint64_t);
  const uint64_t end = sizeof(StoreHeader) + header.width * header.tokens;
  return (end + kAlign - 1) / kAlign * kAlign;
}

uint64_t store_bytes(const StoreHeader& header) {
  return store_offsets_at(header) + sizeof(uint64_t) * (header.sentences + 1);
}

/// A file that is removed at the end unless it was renamed.
struct StoreWriter::Stream {
  std::filesystem::path file;
  std::FILE* handle;

  explicit Stream(std::filesystem::path path) : file(std::move(path)), handle(std::fopen(file.c_str(), "w+b")) {
    check(handle != nullptr);
    std::setvbuf(handle, nullptr, _IOFBF, kFileBlock);
  }
  ~Stream() {
    if (handle != nullptr) std::fclose(handle);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void check(bool well) const {
    if (!well) throw file_error(file, "written", errno);
  }
  void write(const void* bytes, std::size_t count) const {
    check(count == 0 || std::fwrite(bytes, 1, count, handle) == count);
  }
};

StoreWriter::StoreWriter(std::filesystem::path file, int64_t id_limit)
    : file_(std::move(file)),
      id_limit_(id_limit),
      width_(id_limit <= kNarrow ? 2 : 4),
      body_(std::make_unique<Stream>(file_.string() + ".partial")),
      offsets_(std::make_unique<Stream>(file_.string() + ".offsets")) {
  const StoreHeader empty{};
  body_->write(&empty, sizeof(empty));
  const uint64_t first = 0;
  offsets_->write(&first, sizeof(first));
}

StoreWriter::~StoreWriter() = default;

void StoreWriter::write(const void* bytes, std::size_t count) {
  checksum_.add({static_cast<const char*>(bytes), count});
  body_->write(bytes, count);
}

void StoreWriter::add(std::span<const int64_t> ids) {
  for (const int64_t id : ids) {
    if (id < 0 || id >= id_limit_)
      throw Error(fmt::format("word id {} does not fit a store of {} words", id, id_limit_));
    largest_ = std::max(largest_, id);
  }
  if (width_ == 2) {
    narrow_.assign(ids.begin(), ids.end());
    write(narrow_.data(), narrow_.size() * sizeof(uint16_t));
  } else {
    wide_.assign(ids.begin(), ids.end());
    write(wide_.data(), wide_.size() * sizeof(uint32_t));
  }
  ++sentences_;
  tokens_ += std::ssize(ids);
  const auto end = static_cast<uint64_t>(tokens_);
  offsets_->write(&end, sizeof(end));
}

void StoreWriter::append_offsets() {
  offsets_->check(std::fflush(offsets_->handle) == 0 && std::fseek(offsets_->handle, 0, SEEK_SET) == 0);
  std::vector<char> block(kFileBlock);
  while (const std::size_t count = std::fread(block.data(), 1, block.size(), offsets_->handle)) {
    write(block.data(), count);
  }
  offsets_->check(std::ferror(offsets_->handle) == 0);
}

void StoreWriter::finish() {
  StoreHeader header{};
  header.magic = store_magic;
  header.version = store_version;
  header.width = static_cast<uint32_t>(width_);
  header.sentences = static_cast<uint64_t>(sentences_);
  header.tokens = static_cast<uint64_t>(tokens_);
  header.largest = largest_;
  const std::array<char, sizeof(uint64_t)> zeros{};
  write(zeros.data(), store_offsets_at(header) - sizeof(header) - header.width * header.tokens);
  append_offsets();
  const std::string digest = store_checksum(header, checksum_.finish());
  std::copy(digest.begin(), digest.end(), header.sha256.begin());
  body_->check(std::fseek(body_->handle, 0, SEEK_SET) == 0);
  body_->write(&header, sizeof(header));
  body_->check(std::fflush(body_->handle) == 0 && fsync(fileno(body_->handle)) == 0);
  disk_files().rename(body_->file, file_);
  disk_files().sync_folder(file_.parent_path());
}

}  // namespace seq2seq::data
