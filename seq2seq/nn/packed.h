#pragma once

#include "seq2seq/data/packed.h"

namespace seq2seq::nn {

using data::Layout;
using data::Packed;
using Ids = at::Tensor;  // int64

/// Throws ShapeError "`what` has shape [..], expected [..]"; -1 fits any size.
void check_shape(const at::Tensor& tensor, at::IntArrayRef expected, std::string_view what);

}  // namespace seq2seq::nn
