#pragma once

// One row of softmax and cross-entropy, as a group of threads computes it: what each thread does, and how their parts
// are joined. The same source runs on a GPU, where the threads are a block's, and on the CPU, where they are a loop's.

#include <cmath>
#include <cstdint>

namespace seq2seq::nn::kernels {

/// Number of threads that share a row, a power of two. Thread t takes the words t, t + row_threads, ...
inline constexpr int row_threads = 256;

/// Some of a row's logits z: the largest, the sum of exp(z - largest), and the sum of z.
struct RowPart {
  float largest, exponentials, sum;
};

/// Returns the part of no logits.
constexpr RowPart empty_part() { return {-INFINITY, 0, 0}; }

/// `exp` is the function that the processor has.
template <class Exp>
constexpr RowPart joined(const RowPart& a, const RowPart& b, const Exp& exp) {
  if (b.largest == -INFINITY) return {a.largest, a.exponentials, a.sum + b.sum};
  if (a.largest == -INFINITY) return {b.largest, b.exponentials, a.sum + b.sum};
  const float largest = a.largest > b.largest ? a.largest : b.largest;
  return {largest, a.exponentials * exp(a.largest - largest) + b.exponentials * exp(b.largest - largest),
          a.sum + b.sum};
}

/// The part of a row that thread `thread` has read.
template <class Exp>
constexpr RowPart part_of(const float* logits, int64_t words, int thread, const Exp& exp) {
  RowPart part = empty_part();
  for (int64_t word = thread; word < words; word += row_threads)
    part = joined(part, {logits[word], 1, logits[word]}, exp);
  return part;
}

/// The parts are joined in halves: thread t takes that of t + stride, for strides row_threads / 2, ..., 2, 1.
constexpr int first_stride() { return row_threads / 2; }

/// Returns the cross-entropy, with `smoothing` of the target spread evenly over all words.
template <class Log>
constexpr float loss_of(const RowPart& row, float target_logit, int64_t words, float smoothing, const Log& log) {
  const float normalizer = row.largest + log(row.exponentials);
  const float of_target = normalizer - target_logit;
  if (smoothing == 0) return of_target;
  return (1 - smoothing) * of_target + smoothing * (normalizer - row.sum / static_cast<float>(words));
}

/// Replaces each of a thread's logits by the gradient of `scale` times the loss.
template <class Exp>
constexpr void differentiate(float* logits, const RowPart& row, int64_t words, int64_t target, float smoothing,
                             float scale, int thread, const Exp& exp) {
  const float evenly = smoothing / static_cast<float>(words);
  for (int64_t word = thread; word < words; word += row_threads) {
    const float probability = exp(logits[word] - row.largest) / row.exponentials;
    logits[word] = scale * (probability - evenly - (word == target ? 1 - smoothing : 0));
  }
}

}  // namespace seq2seq::nn::kernels
