#pragma once

#include <cuda_runtime_api.h>

#include "seq2seq/nn/kernels/softmax/softmax.h"

namespace seq2seq::nn::kernels {

/// Starts the kernel on a stream of the current device, a block a row.
cudaError_t launch_softmax(const SoftmaxRows& rows, cudaStream_t stream);

}  // namespace seq2seq::nn::kernels
