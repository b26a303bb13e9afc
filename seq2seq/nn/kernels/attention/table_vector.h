#pragma once

// The table of the vectorised kernels, compiled once for each instruction set: see vector.h.

#include "seq2seq/nn/kernels/attention/additive_vector.h"
#include "seq2seq/nn/kernels/attention/attention_isa.h"
#include "seq2seq/nn/kernels/attention/dropout_lanes.h"
#include "seq2seq/nn/kernels/attention/product_vector.h"
#include "seq2seq/nn/kernels/attention/softmax_vector.h"

namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE {
namespace {

void scale_each(float* to, const float* by, int64_t count) {
  for_row(count, [&](int64_t at, int64_t lanes) {
    (Vector::load(to + at, lanes) * Vector::load(by + at, lanes)).store(to + at, lanes);
  });
}

void add_each(float* to, const float* by, int64_t count) {
  for_row(count, [&](int64_t at, int64_t lanes) {
    (Vector::load(to + at, lanes) + Vector::load(by + at, lanes)).store(to + at, lanes);
  });
}

}  // namespace

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
          .softmax_gradient_columns = softmax_gradient_columns,
          .fill_mask = fill_mask,
          .scale = scale_each,
          .add = add_each};
}

}  // namespace seq2seq::nn::kernels::SEQ2SEQ_VECTOR_NAMESPACE
