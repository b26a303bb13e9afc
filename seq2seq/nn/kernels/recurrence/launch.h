#pragma once

#include <cuda_runtime_api.h>

#include "seq2seq/nn/kernels/recurrence/recurrence.h"

namespace seq2seq::nn::kernels {

/// Starts the kernels on a stream of the current device, all blocks at once.
cudaError_t launch_recurrence(const LstmRecurrence& pass, const RecurrenceShape& shape, uint32_t* counters,
                              cudaStream_t stream);
cudaError_t launch_recurrence(const LstmRecurrenceBackward& pass, const RecurrenceShape& shape, uint32_t* counters,
                              cudaStream_t stream);

}  // namespace seq2seq::nn::kernels
