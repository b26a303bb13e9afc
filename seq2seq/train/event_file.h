#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "seq2seq/core/files.h"

namespace seq2seq::train {

using Scalars = std::vector<std::pair<std::string, double>>;

/// A file of events in TensorBoard's format: TFRecords of `tensorflow.Event` messages, written without a library,
/// because we need only numbers. docs/formats.md describes it.
class EventFile {
 public:
  /// Creates a file in the folder. TensorBoard then ignores events of earlier files from `first_update` on.
  EventFile(Files& files, const std::filesystem::path& folder, int64_t first_update);
  /// Adds scalars under `head/NAME`.
  void add(int64_t update, std::string_view head, const Scalars& scalars);

 private:
  void append(const std::string& event);

  Files& files_;
  std::filesystem::path file_;
};

/// CRC-32C (Castagnoli; RFC 3720, B.4).
uint32_t crc32c(std::string_view bytes);

}  // namespace seq2seq::train
