#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/data/bucket.h"
#include "seq2seq/data/corpus.h"

namespace seq2seq::train {

/// The batches of training one after another, epoch after epoch. Where it stands is (epoch, batch), so it goes on from
/// a checkpoint.
class DataOrder {
 public:
  /// Starts before `batch` of `epoch`, both from 0. Throws FormatError when the epoch has fewer batches: the data is
  /// not what it was.
  DataOrder(const data::Corpus& corpus, const data::BatchOptions& options, uint64_t seed, int64_t epoch, int64_t batch);

  /// The next `count` batches as indices of pairs; fewer at the end of an epoch, which no update crosses.
  std::vector<std::vector<int64_t>> take(int64_t count);

  int64_t epoch() const { return epoch_; }
  int64_t batch() const {
    return batch_;
  }  // batches of this epoch already taken; 0 after its last one, when the next epoch begins
  double epochs_made() const;
  bool reached(double epochs) const;

  /// Updates in so many epochs, all as long as the first, with this many batches an update.
  double updates_in(double epochs, int64_t accumulate) const;

 private:
  std::vector<std::vector<int64_t>> plan(int64_t epoch) const;

  const data::Corpus* corpus_;
  data::BatchOptions options_;
  uint64_t seed_;
  int64_t epoch_, batch_;
  std::vector<std::vector<int64_t>> plan_;  // of the epoch under way
};

}  // namespace seq2seq::train
