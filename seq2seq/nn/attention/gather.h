#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::nn {

/// Rows [N, ...] -> [index, ...]: row index[i] - 1, or zeros if index[i] is 0. The backward pass gathers, too:
/// places[k][i] is the position in the result of the k-th use of row i, counted from 1; 0: not used. The backward pass
/// of index_select() adds by atomics on a GPU, in a different order each time.
at::Tensor gather_rows(const at::Tensor& rows, const at::Tensor& index, const std::vector<at::Tensor>& places);

}  // namespace seq2seq::nn
