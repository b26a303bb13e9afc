#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::data {

/// Reads a file with one number per line: the weights of the pairs of a text.
class WeightReader {
 public:
  explicit WeightReader(const std::filesystem::path& file) : lines_(open_bytes(file), file.string()) {}
  /// Returns the next weight, or no value after the last line. Throws Error with file and line unless it is a number of
  /// at least 0.
  std::optional<float> next();
  LineReader& lines() { return lines_; }

 private:
  LineReader lines_;
};

}  // namespace seq2seq::data
