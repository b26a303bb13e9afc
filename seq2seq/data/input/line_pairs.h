#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "seq2seq/data/input/alignment_reader.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/data/input/weight_reader.h"
#include "seq2seq/data/options.h"

namespace seq2seq::data {

struct LinePair {
  int64_t number = 0;                 // line, counted from 0 over all files
  const TrainFiles* files = nullptr;  // valid as long as the LinePairs
  int64_t line = 0;                   // in that file, counted from 1
  std::string source, target;
  bool valid = true;       // both are UTF-8; otherwise both are empty
  std::size_t corpus = 0;  // number of its pair of files, or file of pairs
  std::string tag;         // of the corpus
  float weight = 1;
  std::vector<Link> links{};  // between its tokens, if the corpus has an alignment

  Place source_place() const;
  Place target_place() const;
  Place alignment_place() const;  // of the links
};

/// Reads parallel files of text, one pair of files after another. For one-sided text every source is empty.
class LinePairs {
 public:
  /// Throws Error if the sides have different numbers of files, or if there is not one tag, weight file or alignment
  /// per corpus. `remedy`: advice for a line that is not text.
  LinePairs(TrainFiles files, InvalidUtf8 invalid, std::string remedy = configured_remedy);
  /// Reads the next pair; returns false after the last. Throws Error for unreadable files, files of unequal length, an
  /// empty text, a line without exactly one tab, and an invalid weight or alignment.
  bool next(LinePair& pair);
  int64_t consumed() const {
    return finished_ + (source_ ? source_->consumed() : 0) + (target_ ? target_->consumed() : 0);
  }

 private:
  bool open_next();
  bool next_lines(LinePair& pair);
  bool next_columns(LinePair& pair);
  bool next_target(LinePair& pair);
  void next_weight(LinePair& pair, bool more);
  void next_links(LinePair& pair, bool more);

  TrainFiles files_;
  InvalidUtf8 invalid_;
  std::string remedy_;
  std::size_t opened_ = 0;                     // files, or pairs of files
  std::optional<LineReader> source_, target_;  // without target_: one file of columns or of targets
  std::optional<WeightReader> weights_;
  std::optional<AlignmentReader> alignment_;
  int64_t number_ = 0, finished_ = 0;
};

/// Returns the compressed size of the files in bytes, as far as it is known.
int64_t bytes_of(const TrainFiles& files);

}  // namespace seq2seq::data
