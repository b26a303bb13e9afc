#pragma once

#include <cstdint>

#include "seq2seq/nn/kernels/recurrence/shape.h"

namespace seq2seq::nn::kernels {

/// The recurrent half of an LSTM layer's forward pass over packed rows, all steps in one launch. T steps, N rows, H
/// cells, S sentences at the first step, sorted; step t has the rows [offsets[t], offsets[t + 1]), one for each of its
/// sentences. No array overlaps another.
struct LstmRecurrence {
  const float* weight;         // [4H, H] weight_hh, gates i f g o
  const float *hidden, *cell;  // [S, H] before the first step
  const int64_t* offsets;      // [T + 1]
  float* gates;                // [N, 4H] in: x W_ih' and both biases; out: gates after their activations
  float *cells, *rows;         // [N, H] out: c and h
  int64_t steps, width;        // T, H
};

/// The recurrent half of the backward pass.
struct LstmRecurrenceBackward {
  const float* weight;         // [4H, H]
  const float *gates, *cells;  // [N, 4H], [N, H] of the forward pass
  const float* cell_before;    // [S, H] before the first step
  const float* from_above;     // [N, H] gradient of the rows from above; null: zero
  const int64_t* offsets;      // [T + 1]
  float *hidden, *cell;        // [S, H] in: gradient of each sentence's last state; out: of its first
  float* sums;                 // [N, 4H] out: gradient of the gates' sums
  int64_t steps, width;        // T, H
};

/// Runs the GPU's code on the CPU, for tests: blocks and threads one after another, in an order between two barriers
/// that depends on `seed`.
void lstm_recurrence_on_host(const LstmRecurrence& pass, const RecurrenceShape& shape, uint64_t seed);
void lstm_recurrence_on_host(const LstmRecurrenceBackward& pass, const RecurrenceShape& shape, uint64_t seed);

/// Returns the limits of a GPU; all zero without CUDA, so that no shape fits.
GpuLimits gpu_limits(int device);

/// Runs on the current stream of the GPU that holds all tensors. The calling thread's current device may be another.
/// `counters` [counter_count(shape)] of the GPU are for the kernel alone. Only in a build with CUDA.
void lstm_recurrence_on_gpu(const LstmRecurrence& pass, const RecurrenceShape& shape, uint32_t* counters, int device);
void lstm_recurrence_on_gpu(const LstmRecurrenceBackward& pass, const RecurrenceShape& shape, uint32_t* counters,
                            int device);

}  // namespace seq2seq::nn::kernels
