#include "seq2seq/train/event_file.h"

#include <bit>
#include <cstring>
#include <map>

#include "test/support/catch.h"
#include "test/support/temporary_folder.h"

namespace seq2seq::test {

namespace {

/// Computes the CRC of RFC 3720, bit by bit.
uint32_t crc_by_bits(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

template <class Number>
Number number_at(std::string_view bytes, size_t at) {
  Number number{};
  REQUIRE(at + sizeof(number) <= bytes.size());
  std::memcpy(&number, bytes.data() + at, sizeof(number));  // the tests run on little-endian machines
  return number;
}

uint32_t masked(std::string_view bytes) {
  const uint32_t crc = crc_by_bits(bytes);
  return ((crc >> 15U) | (crc << 17U)) + 0xA282EAD8U;
}

/// Returns the bytes of each record, after checking both checksums.
std::vector<std::string> records_in(const std::string& file) {
  std::vector<std::string> records;
  for (size_t at = 0; at < file.size();) {
    const auto length = number_at<uint64_t>(file, at);
    CHECK(number_at<uint32_t>(file, at + 8) == masked(std::string_view(file).substr(at, 8)));
    records.push_back(file.substr(at + 12, length));
    CHECK(number_at<uint32_t>(file, at + 12 + length) == masked(records.back()));
    at += 16 + length;
  }
  return records;
}

/// Returns the fields of a message by number; numbers as their bytes.
std::multimap<uint64_t, std::string> fields_of(const std::string& message) {
  size_t at = 0;
  const auto varint = [&] {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(at++));
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
  };
  std::multimap<uint64_t, std::string> fields;
  while (at < message.size()) {
    const uint64_t head = varint(), kind = head & 7U;
    if (kind == 0) {
      const uint64_t value = varint();
      fields.emplace(head >> 3U, std::to_string(value));
      continue;
    }
    const uint64_t length = kind == 1 ? 8 : kind == 5 ? 4 : varint();
    fields.emplace(head >> 3U, message.substr(at, length));
    at += length;
  }
  return fields;
}

std::string the_only_file(const fs::path& folder) {
  std::vector<fs::path> files(fs::directory_iterator(folder), {});
  REQUIRE(files.size() == 1);
  CHECK(files[0].filename().string().rfind("events.out.tfevents.", 0) == 0);
  return content_of(files[0]);
}

}  // namespace

TEST_CASE("event file: the checksum is CRC-32C", "[train][tensorboard]") {
  CHECK(train::crc32c("123456789") == 0xE3069283);            // the check value in the catalogue of CRCs
  CHECK(train::crc32c(std::string(32, '\0')) == 0x8A9136AA);  // RFC 3720, B.4
  CHECK(train::crc32c(std::string(32, '\xFF')) == 0x62A8AB43);
}

TEST_CASE("event file: figures come with their update and name", "[train][tensorboard]") {
  const TemporaryFolder folder;
  train::EventFile events(disk_files(), folder / "tensorboard", 301);
  events.add(350, "train", {{"loss", 1.5}, {"perplexity", 4.25}});
  const auto records = records_in(the_only_file(folder / "tensorboard"));
  REQUIRE(records.size() == 3);
  CHECK(fields_of(records[0]).find(3)->second == "brain.Event:2");
  const auto start = fields_of(records[1]);
  CHECK(start.find(2)->second == "301");  // later events of earlier files are ignored
  CHECK(fields_of(start.find(7)->second).find(1)->second == "1");
  const auto event = fields_of(records[2]);
  CHECK(number_at<double>(event.find(1)->second, 0) > 1.6e9);
  CHECK(event.find(2)->second == "350");
  std::map<std::string, float> scalars;
  const auto summary = fields_of(event.find(5)->second);
  for (auto value = summary.lower_bound(1); value != summary.upper_bound(1); ++value) {
    const auto scalar = fields_of(value->second);
    scalars[scalar.find(1)->second] = number_at<float>(scalar.find(2)->second, 0);
  }
  CHECK(scalars == std::map<std::string, float>{{"train/loss", 1.5F}, {"train/perplexity", 4.25F}});
}

}  // namespace seq2seq::test
