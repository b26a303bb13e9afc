#pragma once

#include "seq2seq/nn/kernels/operands.h"
#include "seq2seq/nn/precision.h"

namespace seq2seq::nn::kernels {

/// Returns the type of operands of CPU products in the current precision of the process.
inline Operands operands_now() { return current_precision() == Precision::bf16 ? Operands::bf16 : Operands::float32; }

}  // namespace seq2seq::nn::kernels
