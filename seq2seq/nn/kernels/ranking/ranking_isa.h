#pragma once

#include "seq2seq/nn/kernels/ranking/ranking.h"

namespace seq2seq::nn::kernels {

namespace reference {
RankingKernels ranking_kernels();
}  // namespace reference

namespace neon {
RankingKernels ranking_kernels();
}  // namespace neon

namespace avx2 {
RankingKernels ranking_kernels();
}  // namespace avx2

namespace avx512 {
RankingKernels ranking_kernels();
}  // namespace avx512

}  // namespace seq2seq::nn::kernels
