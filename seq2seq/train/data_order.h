#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "seq2seq/data/batch_stream.h"
#include "seq2seq/data/loader.h"

namespace seq2seq::train {

/// The batches of training, update after update. The position counts only batches that were taken, not those made in
/// advance, so training can continue from a checkpoint.
class DataOrder {
 public:
  /// Continues from `position` with `accumulate` batches per update, and makes the part of one rank. Throws as
  /// BatchStream does.
  DataOrder(const data::Corpus& corpus, const data::TextPipeline& text, const data::BatchOptions& options,
            int64_t accumulate, uint64_t seed, const data::DataPosition& from, const data::Deal& deal = {});

  /// Returns the batches of the next update; fewer at the end of an epoch, because updates do not cross epochs.
  std::vector<data::Batch> take();

  int64_t epoch() const { return position_.epoch; }
  /// Returns the number of batches of this epoch already taken; 0 after the last batch, when the next epoch begins.
  int64_t batch() const { return position_.batch; }
  double epochs_made() const;
  bool reached(double epochs) const;

  /// Returns the number of updates in this many epochs, all as long as the first.
  double updates_in(double epochs) const;

 private:
  DataOrder(data::BatchStream stream, std::optional<int64_t> batches_of_first, int64_t prefetch, int64_t accumulate,
            const data::DataPosition& from);

  int64_t accumulate_;
  data::DataPosition position_;
  int64_t batches_;           // of the current epoch
  int64_t batches_of_first_;  // of epoch 0
  data::Loader loader_;
};

}  // namespace seq2seq::train
