#pragma once

#include "seq2seq/nn/kernels/operands.h"
#include "seq2seq/nn/precision.h"

namespace seq2seq::nn::kernels {

/// What products on the CPU round their operands to in the precision that the process computes in.
inline Operands operands_now() { return computing_in() == Precision::bf16 ? Operands::bf16 : Operands::float32; }

}  // namespace seq2seq::nn::kernels
