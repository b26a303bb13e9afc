#include "seq2seq/nn/kernels/cross_entropy/cross_entropy.h"

#include "seq2seq/nn/kernels/cross_entropy/cross_entropy_isa.h"

namespace seq2seq::nn::kernels {

CrossEntropyKernels cross_entropy_kernels(Isa isa) {
  switch (isa) {
    case Isa::amx:
    case Isa::avx512:
      return avx512::cross_entropy_kernels();
    case Isa::avx2:
      return avx2::cross_entropy_kernels();
    case Isa::reference:
      break;
  }
  return reference::cross_entropy_kernels();
}

}  // namespace seq2seq::nn::kernels
