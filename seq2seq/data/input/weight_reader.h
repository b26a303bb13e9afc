#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::data {

/// Reads a file with a number a line: the weights of the pairs of a text, line by line.
class WeightReader {
 public:
  explicit WeightReader(std::filesystem::path file) : lines_(std::move(file), InvalidUtf8::error) {}
  /// The next one; nothing after the last. Throws Error with file and line for what is no number of at least 0.
  std::optional<float> next();
  LineReader& lines() { return lines_; }

 private:
  LineReader lines_;
};

}  // namespace seq2seq::data
