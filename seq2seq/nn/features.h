#pragma once

#include <ATen/core/Tensor.h>

namespace seq2seq::nn {

/// What a decoder hands to the output layer for each target row, in the packed order of the rows it read.
struct Features {
  at::Tensor rows;       // [N, H]
  at::Tensor attention;  // [N, S] weights over the positions of each row's source, as read; undefined unless wanted
};

}  // namespace seq2seq::nn
