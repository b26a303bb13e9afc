#pragma once

#include <cstdint>

namespace seq2seq::nn::kernels {

/// Rows of logits [rows, words], which their gradients replace.
struct SoftmaxRows {
  float* logits;           // [rows, words] in: logits; out: gradients
  const int64_t* targets;  // [rows]
  const float* scale;      // [rows] the derivative of the objective with respect to each row's loss
  float* losses;           // [rows] out
  int64_t rows, words;
  float smoothing;  // share of the target that is spread evenly over all words
};

/// As on a GPU, one thread of a row after another.
void softmax_on_host(const SoftmaxRows& rows);
/// Runs on the current stream of the GPU that holds all tensors. The calling thread's current device may be another.
/// Only in a build with CUDA.
void softmax_on_gpu(const SoftmaxRows& rows, int device);

}  // namespace seq2seq::nn::kernels
