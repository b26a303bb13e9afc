#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/data/batch.h"

namespace seq2seq::parallel {

/// A part of a batch, and the positions of its target rows in the whole batch.
struct BatchPart {
  data::Batch batch;
  at::Tensor target_rows;  // [n] of [N]; undefined: all of them, in order
};

/// Divides the sentences of a batch into at most `parts` parts, longest source first, so that the parts have similar
/// lengths. A sentence keeps its key, and therefore its random draws.
std::vector<BatchPart> split_batch(const data::Batch& batch, int64_t parts);

}  // namespace seq2seq::parallel
