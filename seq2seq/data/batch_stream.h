#pragma once

#include <cstdint>
#include <span>

#include "seq2seq/data/batch.h"
#include "seq2seq/data/bucket.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/data/deal.h"
#include "seq2seq/data/resample.h"

namespace seq2seq::data {

/// Position of training in its data: before batch `batch` of `epoch`, both counted from 0.
struct DataPosition {
  int64_t epoch = 0, batch = 0;
};

/// A batch and its position.
struct StreamedBatch {
  Batch batch;
  DataPosition position;
  int64_t batches = 0;  // in its epoch
};

/// The endless sequence of training batches, made on demand. Depends only on (corpus, options, seed, deal, position).
/// Each batch has the pairs dealt to its rank, possibly none; positions and `Batch::joint` are the same on all ranks.
/// For a mapped corpus, only the pages of the last few pairs stay in memory.
class BatchStream {
 public:
  /// `corpus` and `text` must outlive it. Throws Error if there are no training pairs, and FormatError if the epoch
  /// does not have the batch because the data has changed.
  BatchStream(const Corpus& corpus, const TextPipeline& text, const BatchOptions& options, uint64_t seed,
              const DataPosition& from, const Deal& deal = {});
  StreamedBatch next();
  int64_t batches() const { return plan_.batches(); }  // in the epoch of the last batch

 private:
  BatchCounts counts(std::span<const int64_t> pairs) const;
  void release_pages(int64_t pairs);

  const Corpus* corpus_;
  const TextPipeline* text_;
  Resampler resampler_;
  BatchOptions options_;
  uint64_t seed_;
  DataPosition next_;
  Deal deal_;
  EpochPlan plan_;          // of the current epoch
  int64_t pairs_read_ = 0;  // since pages were released
};

}  // namespace seq2seq::data
