#include "seq2seq/nn/kernels/softmax/launch.h"
#include "seq2seq/nn/kernels/softmax/row.h"

namespace seq2seq::nn::kernels {
namespace {

struct Exp {
  __host__ __device__ float operator()(float x) const { return expf(x); }
};
struct Log {
  __host__ __device__ float operator()(float x) const { return logf(x); }
};

/// A block a row. Sums are joined in a fixed order, so the result is the same bits every time.
__global__ void __launch_bounds__(row_threads) softmax_kernel(SoftmaxRows rows) {
  __shared__ RowPart parts[row_threads];
  const int thread = static_cast<int>(threadIdx.x);
  for (int64_t row = blockIdx.x; row < rows.rows; row += gridDim.x) {
    float* const logits = rows.logits + row * rows.words;
    parts[thread] = part_of(logits, rows.words, thread, Exp());
    __syncthreads();
    for (int stride = first_stride(); stride > 0; stride /= 2) {
      if (thread < stride) parts[thread] = joined(parts[thread], parts[thread + stride], Exp());
      __syncthreads();
    }
    const RowPart whole = parts[0];
    const int64_t target = rows.targets[row];
    if (thread == 0) rows.losses[row] = loss_of(whole, logits[target], rows.words, rows.smoothing, Log());
    __syncthreads();  // the target's logit was read, and so was parts[0]
    differentiate(logits, whole, rows.words, target, rows.smoothing, rows.scale[row], thread, Exp());
  }
}

}  // namespace

cudaError_t launch_softmax(const SoftmaxRows& rows, cudaStream_t stream) {
  constexpr int64_t most_blocks = 65535;
  const auto blocks = static_cast<unsigned>(rows.rows < most_blocks ? rows.rows : most_blocks);
  if (blocks == 0) return cudaSuccess;
  softmax_kernel<<<blocks, row_threads, 0, stream>>>(rows);
  return cudaGetLastError();
}

}  // namespace seq2seq::nn::kernels
