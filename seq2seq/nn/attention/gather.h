#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::nn {

/// Rows [N, ...] -> [index, ...]: row index[i] - 1, or zeros where index[i] is 0. Backward gathers too, by `places`: of
/// each row, where it went, counted from 1, 0 for nowhere, a tensor for each time a row may be used. index_select's
/// own backward adds by atomics on a GPU, in another order each time.
at::Tensor gather_rows(const at::Tensor& rows, const at::Tensor& index, const std::vector<at::Tensor>& places);

}  // namespace seq2seq::nn
