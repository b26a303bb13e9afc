#pragma once

#include "seq2seq/nn/kernels/product/product.h"

namespace seq2seq::nn::kernels {

namespace reference {
ProductKernels product_kernels(Operands operands = Operands::float32);
}  // namespace reference

namespace neon {
ProductKernels product_kernels();
}  // namespace neon

namespace avx2 {
ProductKernels product_kernels();
}  // namespace avx2

namespace avx512 {
ProductKernels product_kernels();
}  // namespace avx512

/// Operands in bf16, for processors with AVX512-BF16.
namespace avx512_bf16 {
ProductKernels product_kernels();
}  // namespace avx512_bf16

/// Operands in bf16, for processors with AMX-BF16.
namespace amx {
ProductKernels product_kernels();
}  // namespace amx

}  // namespace seq2seq::nn::kernels
