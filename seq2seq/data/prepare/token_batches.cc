#include "seq2seq/data/prepare/token_batches.h"

#include <utility>

namespace seq2seq::data {
namespace {

constexpr std::size_t kLines = 4000;  // a few milliseconds of work

/// Returns true for lines 1, 10, 100, ...: a sample of a text of unknown length.
bool is_sample(int64_t line) {
  while (line % 10 == 0) line /= 10;
  return line == 1;
}

TokenBatch tokenize(const std::vector<LinePair>& lines, const PairFilter& filter) {
  TokenBatch batch;
  batch.pairs.reserve(lines.size());
  for (const auto& line : lines) {
    TokenPair pair;
    if (const auto reason = filter.tokenize(line, pair)) {
      batch.dropped.push_back({.reason = *reason, .line = line.number + 1});
    } else {
      if (is_sample(line.number + 1)) {
        batch.samples.push_back({.line = line.number + 1,
                                 .source = line.source,
                                 .target = line.target,
                                 .source_tokens = pair.source,
                                 .target_tokens = pair.target});
      }
      batch.pairs.push_back(std::move(pair));
    }
  }
  return batch;
}

}  // namespace

void TokenBatches::start_one() {
  std::vector<LinePair> lines(kLines);
  std::size_t count = 0;
  while (count < kLines && (more_ = lines_->next(lines[count]))) ++count;
  lines.resize(count);
  if (lines.empty()) return;
  under_way_.push_back(std::async(std::launch::async,
                                  [lines = std::move(lines), filter = filter_] { return tokenize(lines, *filter); }));
}

bool TokenBatches::next(TokenBatch& batch) {
  while (more_ && under_way_.size() < ahead_) start_one();
  if (under_way_.empty()) return false;
  batch = under_way_.front().get();
  under_way_.pop_front();
  return true;
}

}  // namespace seq2seq::data
