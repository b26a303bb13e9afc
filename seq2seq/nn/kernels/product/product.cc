#include "seq2seq/nn/kernels/product/product.h"

#include "seq2seq/nn/kernels/product/product_isa.h"

namespace seq2seq::nn::kernels {

ProductKernels product_kernels(Isa isa, Operands operands) {
  if (operands == Operands::bf16) {
    return isa == Isa::amx      ? amx::product_kernels()
           : isa == Isa::avx512 ? avx512_bf16::product_kernels()
                                : reference::product_kernels(operands);
  }
  switch (isa) {
    case Isa::amx:
    case Isa::avx512:
      return avx512::product_kernels();
    case Isa::avx2:
      return avx2::product_kernels();
    case Isa::reference:
      break;
  }
  return reference::product_kernels(operands);
}

}  // namespace seq2seq::nn::kernels
