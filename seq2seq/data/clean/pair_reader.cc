#include "seq2seq/data/clean/pair_reader.h"

#include <utility>

namespace seq2seq::data {

PairReader::PairReader(TrainFiles files, InvalidUtf8 invalid, const CleanOptions& clean,
                       const text::LineTokenizer& source, const text::LineTokenizer& target)
    : lines_(std::move(files), invalid), filter_(clean, source, target), drop_duplicates_(clean.drop_duplicates) {}

bool PairReader::next(TokenPair& pair) {
  while (lines_.next(line_)) {
    auto reason = filter_.tokenize(line_, pair);
    if (!reason && drop_duplicates_ && !seen_.add(pair)) reason = Reason::duplicate;
    if (!reason) return true;
    left_out_.add(*reason, line_.number + 1);
  }
  return false;
}

}  // namespace seq2seq::data
