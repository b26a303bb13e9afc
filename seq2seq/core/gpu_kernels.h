#pragma once

#include <string>

namespace seq2seq {

/// Ways to compute on a GPU that are off unless they are asked for: none of them has run on a GPU yet (docs/gpu.md).
enum class GpuKernel {
  cudnn,    // LSTM layers by cuDNN
  lstm,     // the recurrence of an LSTM layer in one launch of our own, where its weights fit the GPU
  softmax,  // softmax, loss and their derivative in the output layer in one kernel of our own
};

/// Returns true if the environment variable SEQ2SEQ_GPU_KERNELS names it, as in `cudnn,softmax`. Throws UsageError for
/// a name that is none of these.
bool is_on(GpuKernel kernel);
/// Returns why a GPU of this compute capability, in tenths, cannot run those that are on; empty: it can.
std::string gpu_kernels_refusal(int compute_capability);
/// Those that are on, as a run records them: `cudnn, softmax`; empty: none is.
std::string gpu_kernels();

}  // namespace seq2seq
