#include "seq2seq/data/store/store_file.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/file_target.h"

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

StoreWriter::StoreWriter(Files& files, const std::filesystem::path& file, int64_t id_limit)
    : id_limit_(id_limit),
      width_(id_limit <= kNarrow ? 2 : 4),
      body_(files, file),
      offsets_(files, temporary_beside(file, "offsets")) {
  const StoreHeader empty{};
  body_.stream().append({reinterpret_cast<const char*>(&empty), sizeof(empty)});
  append_offset();
}

void StoreWriter::flush_body() {
  checksum_.add(body_block_);
  body_.stream().append(body_block_);
  body_block_.clear();
}

void StoreWriter::flush_offsets() {
  offsets_.stream().append(offsets_block_);
  offsets_block_.clear();
}

void StoreWriter::append(const void* bytes, std::size_t count) {
  body_block_.append(static_cast<const char*>(bytes), count);
  if (body_block_.size() >= kFileBlock) flush_body();
}

void StoreWriter::append_offset() {
  const auto end = static_cast<uint64_t>(tokens_);
  offsets_block_.append(reinterpret_cast<const char*>(&end), sizeof(end));
  if (offsets_block_.size() >= kFileBlock) flush_offsets();
}

void StoreWriter::add(std::span<const int64_t> ids) {
  for (const int64_t id : ids) {
    if (id < 0 || id >= id_limit_)
      throw Error(fmt::format("word id {} does not fit a store of {} words", id, id_limit_));
    largest_ = std::max(largest_, id);
  }
  if (width_ == 2) {
    narrow_.assign(ids.begin(), ids.end());
    append(narrow_.data(), narrow_.size() * sizeof(uint16_t));
  } else {
    wide_.assign(ids.begin(), ids.end());
    append(wide_.data(), wide_.size() * sizeof(uint32_t));
  }
  ++sentences_;
  tokens_ += std::ssize(ids);
  append_offset();
}

void StoreWriter::append_offsets() {
  flush_offsets();
  for (uint64_t at = 0;;) {
    const auto block = offsets_.stream().read_at(at, kFileBlock);
    if (block.empty()) return;
    append(block.data(), block.size());
    at += block.size();
  }
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
  append(zeros.data(), store_offsets_at(header) - sizeof(header) - header.width * header.tokens);
  append_offsets();
  flush_body();
  const std::string digest = store_checksum(header, checksum_.finish());
  std::copy(digest.begin(), digest.end(), header.sha256.begin());
  body_.stream().write_at(0, {reinterpret_cast<const char*>(&header), sizeof(header)});
  offsets_.remove();
  body_.commit();
}

}  // namespace seq2seq::data
