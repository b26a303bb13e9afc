#pragma once

#include "seq2seq/nn/kernels/product/product.h"

namespace seq2seq::nn::kernels {

namespace reference {
ProductKernels product_kernels();
}  // namespace reference

namespace avx2 {
ProductKernels product_kernels();
}  // namespace avx2

namespace avx512 {
ProductKernels product_kernels();
}  // namespace avx512

}  // namespace seq2seq::nn::kernels
