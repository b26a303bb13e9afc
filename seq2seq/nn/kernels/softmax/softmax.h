#pragma once

#include <cstdint>

namespace seq2seq::nn::kernels {

/// Rows of logits [rows, words] that become the derivatives of the objective by them.
struct SoftmaxRows {
  float* logits;           // [rows, words] in: logits; out: derivatives
  const int64_t* targets;  // [rows]
  const float* scale;      // [rows] the derivative of the objective by each row's loss
  float* losses;           // [rows] out
  int64_t rows, words;
  float smoothing;  // share of the target that is spread evenly over all words
};

/// As on a GPU, one thread of a row after another.
void softmax_on_host(const SoftmaxRows& rows);
/// On the current stream of a GPU, where all of it lies; which device is current does not matter. Only in a build with
/// CUDA.
void softmax_on_gpu(const SoftmaxRows& rows, int device);

}  // namespace seq2seq::nn::kernels
