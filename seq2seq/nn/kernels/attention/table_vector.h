#pragma once

// The table of the vectorised kernels, compiled once for each instruction set: see vector.h.

#include "seq2seq/nn/kernels/attention/additive_vector.h"
#include "seq2seq/nn/kernels/attention/attention_isa.h"
#include "seq2seq/nn/kernels/attention/product_vector.h"
#include "seq2seq/nn/kernels/attention/softmax_vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {

AttentionKernels attention_kernels() {
  return {.lanes = Vector::width,
          .dots = dots,
          .multiply = multiply_rows,
          .softmax = softmax,
          .softmax_gradient = softmax_gradient,
          .additive_scores = additive_scores,
          .additive_gradient = additive_gradient,
          .pack_columns = pack_columns,
          .softmax_columns = softmax_columns,
          .weights_of_columns = weights_of_columns,
          .softmax_gradient_columns = softmax_gradient_columns};
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
