#pragma once

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// Output of a decoder for each target row, in the packed order of its input rows; input of the output layer.
struct Features {
  at::Tensor rows;       // [N, H]
  at::Tensor attention;  // [N, S] weights over the positions of each row's source; undefined unless wanted
  Ids source = {};       // [N, S] the word at each of these positions; undefined unless the output layer copies
};

/// Returns `count` rows from `first` on, as views.
Features part_of(const Features& features, int64_t first, int64_t count);

/// Returns the rows of both, one after the other.
Features joined(const Features& first, const Features& second);

}  // namespace seq2seq::nn
