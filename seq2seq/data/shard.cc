#include "seq2seq/data/shard.h"

#include <fmt/format.h>

#include "seq2seq/core/error.h"

namespace seq2seq::data {

int64_t Shard::count(int64_t batches) const {
  if (rank < 0 || rank >= ranks) throw Error(fmt::format("there is no rank {} among {}, counted from 0", rank, ranks));
  const int64_t whole = batches / ranks;
  const int64_t left = batches % ranks;
  switch (tail) {
    case Tail::uneven:
      return whole + (rank < left ? 1 : 0);
    case Tail::drop:
      return whole;
    case Tail::repeat:
      return whole + (left > 0 ? 1 : 0);
  }
  return whole;
}

}  // namespace seq2seq::data
