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
  /// Returns `news.fr:17`, the line of the pair's source. `number`: the pair's line, counted from 0 over all files.
  /// With several corpora it counts the lines of the previous files, once; if one cannot be read, it returns `pair 17
  /// of the training text`.
  std::string operator()(int64_t number);

 private:
  std::vector<std::filesystem::path> files_;  // one per corpus
  std::vector<int64_t> lines_;                // of the files counted so far
};

}  // namespace seq2seq::data
