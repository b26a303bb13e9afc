#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <vector>

#include "seq2seq/data/clean/pair_filter.h"
#include "seq2seq/data/input/line_pairs.h"
#include "seq2seq/data/prepare/summary.h"

namespace seq2seq::data {

/// A section of the text as tokens, in order.
struct TokenBatch {
  struct Dropped {
    Reason reason;
    int64_t line;  // counted from 1
  };
  std::vector<TokenPair> pairs;
  std::vector<Dropped> dropped;
  std::vector<SamplePair> samples;
};

/// Tokenizes lines on several threads while the caller uses the previous batch.
class TokenBatches {
 public:
  /// `lines` and `filter` must outlive it.
  TokenBatches(LinePairs& lines, const PairFilter& filter, int threads)
      : lines_(&lines), filter_(&filter), ahead_(static_cast<std::size_t>(threads) + 1) {}
  /// Reads the next section; returns false after the last. Rethrows errors from reading.
  bool next(TokenBatch& batch);

 private:
  void start_one();

  LinePairs* lines_;
  const PairFilter* filter_;
  std::size_t ahead_;
  bool more_ = true;
  std::deque<std::future<TokenBatch>> under_way_;
};

}  // namespace seq2seq::data
