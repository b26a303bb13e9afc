#pragma once

#include <cstdint>

namespace seq2seq::data {

/// What becomes of the last batches of an epoch when the ranks cannot have equally many.
enum class Tail {
  uneven,  // the first ranks get one more: every batch is used once
  drop,    // they are left out of this epoch; the next one is shuffled anew
  repeat,  // the other ranks get one from the beginning of the epoch once more
};

/// The part of every epoch that one of several processes trains on: each `ranks`-th batch, from the `rank`-th on.
struct Shard {
  int64_t rank = 0, ranks = 1;
  Tail tail = Tail::uneven;

  /// How many of an epoch's `batches` this rank gets. Throws Error when there is no such rank.
  int64_t count(int64_t batches) const;
  /// Which batch of the epoch its nth is; n is below `count(batches)`.
  int64_t batch(int64_t n, int64_t batches) const { return (n * ranks + rank) % batches; }
};

}  // namespace seq2seq::data
