#include "seq2seq/nn/kernels/ranking/ranking.h"

#include "seq2seq/nn/kernels/ranking/ranking_isa.h"

namespace seq2seq::nn::kernels {

RankingKernels ranking_kernels(Isa isa) {
  switch (isa) {
    case Isa::amx:
    case Isa::avx512:
      return avx512::ranking_kernels();
    case Isa::avx2:
      return avx2::ranking_kernels();
    case Isa::reference:
      break;
  }
  return reference::ranking_kernels();
}

}  // namespace seq2seq::nn::kernels
