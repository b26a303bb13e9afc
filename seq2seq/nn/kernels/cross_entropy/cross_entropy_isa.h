#pragma once

#include "seq2seq/nn/kernels/cross_entropy/cross_entropy.h"

namespace seq2seq::nn::kernels {

namespace reference {
CrossEntropyKernels cross_entropy_kernels();
}  // namespace reference

namespace neon {
CrossEntropyKernels cross_entropy_kernels();
}  // namespace neon

namespace avx2 {
CrossEntropyKernels cross_entropy_kernels();
}  // namespace avx2

namespace avx512 {
CrossEntropyKernels cross_entropy_kernels();
}  // namespace avx512

}  // namespace seq2seq::nn::kernels
