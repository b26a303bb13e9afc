#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace seq2seq::run {

/// Mean ranks of the words of lines by frequency. The most frequent word of a text has rank 1; equal counts are in
/// order of first occurrence. A word that is not in the text has the rank after the last.
class WordRanks {
 public:
  void add_line(const std::string& line);
  /// Returns the mean rank of each added line, 0 for a line without words; by the words of `text`, or else of these
  /// lines.
  std::vector<double> mean_ranks(const std::optional<std::filesystem::path>& text) const;

 private:
  std::unordered_map<std::string, int32_t> numbers_;
  std::vector<std::vector<int32_t>> lines_;
};

/// Returns the indices of `values` in ascending order, divided into `groups` of about equal size. Equal values stay
/// together, so there may be fewer groups.
std::vector<std::vector<int64_t>> group_by(const std::vector<double>& values, int64_t groups);

}  // namespace seq2seq::run
