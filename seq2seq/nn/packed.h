#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "seq2seq/data/packed.h"

namespace seq2seq::nn {

using data::Layout;
using data::Packed;
using Ids = at::Tensor;  // int64

/// Throws ShapeError "`what` has shape [..], expected [..]"; -1 fits any size.
void check_shape(const at::Tensor& tensor, at::IntArrayRef expected, std::string_view what);

/// Returns ids as numbers on the host.
std::vector<int64_t> on_host(const Ids& ids);

}  // namespace seq2seq::nn
