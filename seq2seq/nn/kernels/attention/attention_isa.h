#pragma once

#include "seq2seq/nn/kernels/attention/attention.h"

namespace seq2seq::nn::kernels {

namespace reference {
AttentionKernels attention_kernels();
}  // namespace reference

namespace neon {
AttentionKernels attention_kernels();
}  // namespace neon

namespace avx2 {
AttentionKernels attention_kernels();
}  // namespace avx2

namespace avx512 {
AttentionKernels attention_kernels();
}  // namespace avx512

}  // namespace seq2seq::nn::kernels
