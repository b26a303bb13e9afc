#pragma once

#include <string>

namespace seq2seq {

/// Kernels for GPUs that are off by default (docs/gpu.md).
enum class GpuKernel {
  cudnn,    // LSTM layers by cuDNN
  lstm,     // the recurrence of an LSTM layer in one launch of our own kernel, if its weights fit the GPU
  softmax,  // softmax, loss and their derivative in the output layer in one kernel of our own
};

/// Returns true if the environment variable SEQ2SEQ_GPU_KERNELS names it, as in `cudnn,softmax`. Throws UsageError for
/// any other name.
bool is_on(GpuKernel kernel);
/// Returns the reason why a GPU of this compute capability, in tenths, cannot run the enabled kernels, or an empty
/// string.
std::string gpu_kernels_refusal(int compute_capability);
/// Returns the enabled kernels, as a run records them: `cudnn, softmax`; empty if there are none.
std::string gpu_kernels();

}  // namespace seq2seq
