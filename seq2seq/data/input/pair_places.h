#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/data/options.h"

namespace seq2seq::data {

/// Locates a pair of the training text, for messages.
class PairPlaces {
 public:
  explicit PairPlaces(const TrainFiles& files);
  /// `news.fr:17`, the line of its source, by the pair's number: lines from 0, over all files. With several corpora it
  /// counts the lines of the previous files, once; if one cannot be read, it returns `pair 17 of the training text`.
  std::string operator()(int64_t number);

 private:
  std::vector<std::filesystem::path> files_;  // one of each corpus
  std::vector<int64_t> lines_;                // of those counted so far
};

}  // namespace seq2seq::data
