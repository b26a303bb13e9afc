#include "seq2seq/data/clean/pair_reader.h"

#include <utility>

namespace seq2seq::data {

PairReader::PairReader(TrainFiles files, const DataOptions& options, const text::LineTokenizer& source,
                       const text::LineTokenizer& target)
    : lines_(std::move(files), options.invalid_utf8),
      filter_(options.clean, source, target, options.source_form),
      drop_duplicates_(options.clean.drop_duplicates) {}

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
