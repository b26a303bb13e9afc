#include "seq2seq/nn/kernels/product/product.h"

#include "seq2seq/nn/kernels/product/product_isa.h"

namespace seq2seq::nn::kernels {

ProductKernels product_kernels(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return avx512::product_kernels();
    case Isa::avx2:
      return avx2::product_kernels();
    case Isa::reference:
      break;
  }
  return reference::product_kernels();
}

}  // namespace seq2seq::nn::kernels
