#include "seq2seq/nn/kernels/softmax/softmax.h"

#include <array>
#include <cmath>

#ifdef SEQ2SEQ_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "seq2seq/nn/kernels/softmax/launch.h"
#else
#include <c10/util/Exception.h>
#endif

#include "seq2seq/nn/kernels/softmax/row.h"

namespace seq2seq::nn::kernels {

void softmax_on_host(const SoftmaxRows& rows) {
  const auto exp = [](float x) { return std::exp(x); };
  const auto log = [](float x) { return std::log(x); };
  std::array<RowPart, row_threads> parts{};
  for (int64_t row = 0; row < rows.rows; ++row) {
    auto* const logits = rows.logits + row * rows.words;
    for (int thread = 0; thread < row_threads; ++thread)
      parts[static_cast<size_t>(thread)] = part_of(logits, rows.words, thread, exp);
    for (int stride = first_stride(); stride > 0; stride /= 2) {
      for (int thread = 0; thread < stride; ++thread) {
        auto& part = parts[static_cast<size_t>(thread)];
        part = joined(part, parts[static_cast<size_t>(thread + stride)], exp);
      }
    }
    rows.losses[row] = loss_of(parts[0], logits[rows.targets[row]], rows.words, rows.smoothing, log);
    for (int thread = 0; thread < row_threads; ++thread)
      differentiate(logits, parts[0], rows.words, rows.targets[row], rows.smoothing, rows.scale[row], thread, exp);
  }
}

#ifdef SEQ2SEQ_CUDA

void softmax_on_gpu(const SoftmaxRows& rows, int device) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));  // a launch needs its stream's device
  const auto stream = at::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device));
  C10_CUDA_CHECK(launch_softmax(rows, stream));
}

#else

void softmax_on_gpu(const SoftmaxRows&, int) { TORCH_CHECK(false, "this build has no kernels for a GPU"); }

#endif

}  // namespace seq2seq::nn::kernels
