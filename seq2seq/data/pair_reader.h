#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/data/corpus.h"
#include "seq2seq/data/line_reader.h"
#include "seq2seq/text/tokenizer.h"

namespace seq2seq::data {

/// Reads the lines of a source file and of the first target file side by side, as tokens. What training and scoring
/// leave out is left out here and counted, so that words are counted over the same pairs that are then trained on.
class PairReader {
 public:
  struct Pair {
    int64_t number = 0;  // line, from 0
    std::vector<std::string> source, target;
  };
  struct LeftOut {
    int64_t too_long = 0, invalid = 0, empty_target = 0;
  };

  /// `max_length` in tokens a side; 0: none. Throws Error when the files name no target or cannot be read.
  PairReader(const FilePair& files, InvalidUtf8 invalid, int64_t max_length, const text::Tokenizer& source,
             const text::Tokenizer& target);
  /// The next pair that is not left out; false after the last. Throws Error for files of unequal length and empty
  /// files.
  bool next(Pair& pair);
  const LeftOut& left_out() const { return left_out_; }

 private:
  bool next_lines();
  [[noreturn]] void throw_unequal();

  LineReader source_, target_;
  int64_t max_length_;
  const text::Tokenizer* source_tokenizer_;
  const text::Tokenizer* target_tokenizer_;
  std::string source_line_, target_line_;
  LeftOut left_out_;
};

}  // namespace seq2seq::data
