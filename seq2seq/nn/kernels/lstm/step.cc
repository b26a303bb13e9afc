#include "seq2seq/nn/kernels/lstm/step.h"

#include "seq2seq/nn/kernels/lstm/step_isa.h"

namespace seq2seq::nn::kernels {

LstmKernels lstm_kernels(Isa isa, Operands operands) {
  if (operands == Operands::bf16) {
    return isa == Isa::amx      ? amx::lstm_kernels()
           : isa == Isa::avx512 ? avx512_bf16::lstm_kernels()
                                : reference::lstm_kernels(operands);
  }
  switch (isa) {
    case Isa::amx:
    case Isa::avx512:
      return avx512::lstm_kernels();
    case Isa::avx2:
      return avx2::lstm_kernels();
    case Isa::reference:
      break;
  }
  return reference::lstm_kernels(operands);
}

}  // namespace seq2seq::nn::kernels
