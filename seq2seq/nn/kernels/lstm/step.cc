#include "seq2seq/nn/kernels/lstm/step.h"

#include "seq2seq/nn/kernels/kernels_of.h"
#include "seq2seq/nn/kernels/lstm/step_isa.h"

namespace seq2seq::nn::kernels {

LstmKernels lstm_kernels(Isa isa, Operands operands) {
  if (operands == Operands::float32) return SEQ2SEQ_KERNELS_OF(isa, lstm_kernels());
#if defined(__x86_64__)
  if (isa == Isa::amx) return amx::lstm_kernels();
  if (isa == Isa::avx512) return avx512_bf16::lstm_kernels();
#endif
  return reference::lstm_kernels(operands);
}

}  // namespace seq2seq::nn::kernels
