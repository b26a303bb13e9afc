#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "seq2seq/core/atomic_file.h"
#include "seq2seq/core/checksum.h"
#include "seq2seq/core/files.h"

namespace seq2seq::data {

/// The first bytes of a token store; docs/formats.md describes the file. Whole numbers are little-endian.
struct StoreHeader {
  std::array<char, 8> magic;
  uint32_t version = 0;
  uint32_t width = 0;  // bytes per id: 2 or 4
  uint64_t sentences = 0, tokens = 0;
  int64_t largest = -1;          // largest id
  std::array<char, 64> sha256;   // store_checksum(), in hexadecimal digits
  std::array<char, 24> nothing;  // zeros
};
static_assert(sizeof(StoreHeader) == 128);

inline constexpr std::array<char, 8> store_magic{'s', '2', 's', 't', 'o', 'k', 'e', 'n'};
inline constexpr uint32_t store_version = 1;

/// Returns the SHA-256 of the header without its checksum, followed by the SHA-256 of the rest.
std::string store_checksum(StoreHeader header, const std::string& contents);
/// Returns the position of the offsets: after header, ids, and zeros up to a multiple of 8.
uint64_t store_offsets_at(const StoreHeader& header);
/// Returns the number of bytes of the whole file.
uint64_t store_bytes(const StoreHeader& header);

/// Writes a store sentence by sentence, in constant memory. Until finish() the data are in two temporary files beside
/// it; without finish() they are removed.
class StoreWriter {
 public:
  /// Ids must be below `id_limit`, which determines the bytes per id. Throws Error if the file cannot be created; add()
  /// and finish() do so if the disk is full.
  StoreWriter(Files& files, const std::filesystem::path& file, int64_t id_limit);
  void add(std::span<const int64_t> ids);
  void finish();  // syncs and renames the file
  int64_t sentences() const { return sentences_; }
  int64_t tokens() const { return tokens_; }

 private:
  void append_offset();
  void append_offsets();
  void append(const void* bytes, std::size_t count);
  void flush_body();
  void flush_offsets();

  int64_t id_limit_;
  int width_;
  AtomicFile body_;
  TemporaryFile offsets_;
  std::string body_block_, offsets_block_;  // not written yet
  Sha256 checksum_;                         // of everything after the header
  std::vector<uint16_t> narrow_;
  std::vector<uint32_t> wide_;
  int64_t sentences_ = 0, tokens_ = 0, largest_ = -1;
};

}  // namespace seq2seq::data
