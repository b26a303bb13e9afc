#include "seq2seq/nn/kernels/product/product.h"

#include "seq2seq/nn/kernels/kernels_of.h"
#include "seq2seq/nn/kernels/product/product_isa.h"

namespace seq2seq::nn::kernels {

ProductKernels product_kernels(Isa isa, Operands operands) {
  if (operands == Operands::float32) return SEQ2SEQ_KERNELS_OF(isa, product_kernels());
#if defined(__x86_64__)
  if (isa == Isa::amx) return amx::product_kernels();
  if (isa == Isa::avx512) return avx512_bf16::product_kernels();
#endif
  return reference::product_kernels(operands);
}

}  // namespace seq2seq::nn::kernels
