#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "seq2seq/data/input/line_reader.h"

namespace seq2seq::data {

/// A link between a source token and a target token, both counted from 0 in the order of the text.
struct Link {
  int64_t source = 0, target = 0;
  auto operator<=>(const Link&) const = default;
};

/// Reads a file of word alignments in Pharaoh's format, line by line: `0-0 1-2`, source and target.
class AlignmentReader {
 public:
  explicit AlignmentReader(const std::filesystem::path& file) : lines_(open_bytes(file), file.string()) {}
  /// Returns the links of the next line, each once, in the order of their sources; no value after the last line. Throws
  /// Error with file, line and column for an invalid link.
  std::optional<std::vector<Link>> next();
  LineReader& lines() { return lines_; }

 private:
  LineReader lines_;
};

}  // namespace seq2seq::data
