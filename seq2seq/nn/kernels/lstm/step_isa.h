#pragma once

#include "seq2seq/nn/kernels/lstm/step.h"

namespace seq2seq::nn::kernels {

namespace reference {
LstmKernels lstm_kernels();
}  // namespace reference

namespace avx2 {
LstmKernels lstm_kernels();
}  // namespace avx2

namespace avx512 {
LstmKernels lstm_kernels();
}  // namespace avx512

}  // namespace seq2seq::nn::kernels
