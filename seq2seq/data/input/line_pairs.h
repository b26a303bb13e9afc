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
  int64_t number = 0;                 // line, from 0, over all files
  const TrainFiles* files = nullptr;  // as long as the LinePairs it came from
  int64_t line = 0;                   // of that file, from 1
  std::string source, target;
  bool valid = true;       // both are UTF-8; otherwise they are empty
  std::size_t corpus = 0;  // which pair of files, or file of pairs, it comes from
  std::string tag;         // of the corpus
  float weight = 1;
  std::vector<Link> links{};  // of its tokens, where the corpus has an alignment

  Place source_place() const;
  Place target_place() const;
  Place alignment_place() const;  // of its links
};

/// Reads files of text side by side, one file after another.
class LinePairs {
 public:
  /// Throws Error when there are not as many files of one side as of the other, or not one tag, weight file or
  /// alignment a corpus.
  LinePairs(TrainFiles files, InvalidUtf8 invalid);
  /// False after the last. Throws Error for what cannot be read, files of unequal length, a text without any line,
  /// a line without its one tab, and a line that is no weight or no alignment.
  bool next(LinePair& pair);
  int64_t consumed() const {
    return finished_ + (source_ ? source_->consumed() : 0) + (target_ ? target_->consumed() : 0);
  }

 private:
  bool open_next();
  bool next_lines(LinePair& pair);
  bool next_columns(LinePair& pair);
  void next_weight(LinePair& pair, bool more);
  void next_links(LinePair& pair, bool more);

  TrainFiles files_;
  InvalidUtf8 invalid_;
  std::size_t opened_ = 0;                     // files, or pairs of files
  std::optional<LineReader> source_, target_;  // without target_: both sides in columns
  std::optional<WeightReader> weights_;
  std::optional<AlignmentReader> alignment_;
  int64_t number_ = 0, finished_ = 0;
};

/// Bytes of the files, packed as they are; of those that can be seen.
int64_t bytes_of(const TrainFiles& files);

}  // namespace seq2seq::data
