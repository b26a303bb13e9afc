#pragma once

#include <cstdint>
#include <span>

#include "seq2seq/data/batch.h"
#include "seq2seq/data/bucket.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/data/deal.h"
#include "seq2seq/data/resample.h"

namespace seq2seq::data {

/// How far a training has come in its data: before batch `batch` of `epoch`, both from 0.
struct DataPosition {
  int64_t epoch = 0, batch = 0;
};

/// A batch, and which it is.
struct StreamedBatch {
  Batch batch;
  DataPosition position;
  int64_t batches = 0;  // of its epoch
};

/// The batches of training one after another, epoch after epoch without end, made as they are asked for. Depends on
/// (corpus, options, seed, deal, position) alone. Of each batch it makes the pairs that are dealt to its rank, perhaps
/// none; positions and `Batch::joint` are the same on all ranks. Of a mapped corpus only the pages of the last few
/// pairs stay in memory.
class BatchStream {
 public:
  /// Corpus and text must outlive it. Throws Error when there is nothing to train on, and FormatError when the epoch
  /// has no such batch: the data is not what it was.
  BatchStream(const Corpus& corpus, const TextPipeline& text, const BatchOptions& options, uint64_t seed,
              const DataPosition& from, const Deal& deal = {});
  StreamedBatch next();
  int64_t batches() const { return plan_.batches(); }  // of the epoch of the last batch

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
  EpochPlan plan_;          // of the epoch under way
  int64_t pairs_read_ = 0;  // since pages were released
};

}  // namespace seq2seq::data
