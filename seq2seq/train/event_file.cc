#include "seq2seq/train/event_file.h"

#include <array>
#include <bit>
#include <chrono>
#include <unistd.h>

#include <fmt/format.h>

namespace seq2seq::train {

namespace {

constexpr std::array<uint32_t, 256> crc_table() {
  constexpr uint32_t reversed_polynomial = 0x82F63B78;
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? value >> 1U ^ reversed_polynomial : value >> 1U;
    table[byte] = value;
  }
  return table;
}

template <class Number>
std::string little_endian(Number number) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(number); ++i) bytes += static_cast<char>(number >> (8 * i) & 0xFF);
  return bytes;
}

/// Masks a checksum, as TFRecords require for data that contain checksums.
std::string masked_crc(std::string_view bytes) {
  constexpr uint32_t mask = 0xA282EAD8;
  const uint32_t crc = crc32c(bytes);
  return little_endian(std::rotr(crc, 15) + mask);
}

// Wire format of protocol buffers: each field is its number and kind, then its value.
std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
std::string head_of(uint64_t field, uint64_t kind) { return varint(field << 3U | kind); }
std::string whole_field(uint64_t field, int64_t value) {
  return head_of(field, 0) + varint(static_cast<uint64_t>(value));
}
std::string double_field(uint64_t field, double value) {
  return head_of(field, 1) + little_endian(std::bit_cast<uint64_t>(value));
}
std::string bytes_field(uint64_t field, std::string_view bytes) {
  return head_of(field, 2) + varint(bytes.size()) + std::string(bytes);
}
std::string float_field(uint64_t field, float value) {
  return head_of(field, 5) + little_endian(std::bit_cast<uint32_t>(value));
}

double now_in_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// tensorflow/core/util/event.proto: wall_time 1, step 2, file_version 3, summary 5, session_log 7.
std::string event_at(int64_t step) { return double_field(1, now_in_seconds()) + whole_field(2, step); }

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = crc_table();
  uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) crc = crc >> 8U ^ table[(crc ^ static_cast<unsigned char>(byte)) & 0xFFU];
  return ~crc;
}

EventFile::EventFile(Files& files, const std::filesystem::path& folder, int64_t first_update)
    : files_(files), file_(folder / fmt::format("events.out.tfevents.{:.6f}.{}", now_in_seconds(), ::getpid())) {
  files_.make_folder(folder);
  files_.write(file_, "");
  append(event_at(0) + bytes_field(3, "brain.Event:2"));
  constexpr int64_t start = 1;  // SessionLog.SessionStatus
  append(event_at(first_update) + bytes_field(7, whole_field(1, start)));
}

void EventFile::add(int64_t update, std::string_view head, const Scalars& scalars) {
  std::string summary;
  for (const auto& [name, value] : scalars) {
    const auto tag = fmt::format("{}/{}", head, name);
    summary += bytes_field(1, bytes_field(1, tag) + float_field(2, static_cast<float>(value)));
  }
  append(event_at(update) + bytes_field(5, summary));
}

void EventFile::append(const std::string& event) {
  const auto length = little_endian(static_cast<uint64_t>(event.size()));
  files_.append(file_, length + masked_crc(length) + event + masked_crc(event));
}

}  // namespace seq2seq::train
