// The product as it is written, for processors without the vector instructions: panels of one column.

#include "seq2seq/nn/kernels/product/product_isa.h"

namespace seq2seq::nn::kernels::reference {
namespace {

float as_it_is(float value) { return value; }

/// `round`: what is done to an operand.
template <float (&round)(float)>
struct OfOperands {
  static void pack(const float* from, int64_t stride, int64_t depth, int64_t, float* to) {
    for (int64_t k = 0; k < depth; ++k) to[k] = round(from[k * stride]);
  }

  static void pack_transposed(const float* from, int64_t, int64_t depth, int64_t, float* to) {
    for (int64_t k = 0; k < depth; ++k) to[k] = round(from[k]);
  }

  static void pack_scaled(const float* from, int64_t stride, const float* scale, int64_t depth, int64_t, float* to) {
    for (int64_t k = 0; k < depth; ++k) to[k] = round(scale[k] * from[k * stride]);
  }

  static void multiply(const Product& p) {
    for (int64_t row = 0; row < p.rows; ++row) {
      for (int64_t column = 0; column < p.columns; ++column) {
        const float* panel = p.panel + column * p.panel_stride;
        const float start = p.start != nullptr ? p.start[row * p.start_stride + column] : 0;
        float sum = p.start_last ? 0 : start;
        for (int64_t k = 0; k < p.depth; ++k) sum += round(p.left[row * p.row_stride + k * p.depth_stride]) * panel[k];
        p.out[row * p.out_stride + column] = p.start_last ? start + sum : sum;
      }
    }
  }

  static ProductKernels kernels() {
    return {.columns = 1,
            .pack = pack,
            .pack_transposed = pack_transposed,
            .pack_scaled = pack_scaled,
            .multiply = multiply};
  }
};

}  // namespace

ProductKernels product_kernels(Operands operands) {
  return operands == Operands::bf16 ? OfOperands<rounded_to_bf16>::kernels() : OfOperands<as_it_is>::kernels();
}

}  // namespace seq2seq::nn::kernels::reference
