#include "seq2seq/nn/kernels/attention/attention.h"

#include "seq2seq/nn/kernels/attention/attention_isa.h"

namespace seq2seq::nn::kernels {

AttentionKernels attention_kernels(Isa isa) {
  switch (isa) {
    case Isa::amx:
    case Isa::avx512:
      return avx512::attention_kernels();
    case Isa::avx2:
      return avx2::attention_kernels();
    case Isa::reference:
      break;
  }
  return reference::attention_kernels();
}

}  // namespace seq2seq::nn::kernels
