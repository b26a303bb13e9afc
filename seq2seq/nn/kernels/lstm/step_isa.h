#pragma once

#include "seq2seq/nn/kernels/lstm/step.h"

namespace seq2seq::nn::kernels {

namespace reference {
LstmKernels lstm_kernels(Operands operands = Operands::float32);
}  // namespace reference

namespace neon {
LstmKernels lstm_kernels();
}  // namespace neon

namespace avx2 {
LstmKernels lstm_kernels();
}  // namespace avx2

namespace avx512 {
LstmKernels lstm_kernels();
}  // namespace avx512

/// Operands in bf16, for processors with AVX512-BF16.
namespace avx512_bf16 {
LstmKernels lstm_kernels();
}  // namespace avx512_bf16

/// Operands in bf16, for processors with AMX-BF16.
namespace amx {
LstmKernels lstm_kernels();
}  // namespace amx

}  // namespace seq2seq::nn::kernels
