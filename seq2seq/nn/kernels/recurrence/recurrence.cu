#include "seq2seq/nn/kernels/recurrence/backward.h"
#include "seq2seq/nn/kernels/recurrence/barrier.h"
#include "seq2seq/nn/kernels/recurrence/forward.h"
#include "seq2seq/nn/kernels/recurrence/launch.h"

namespace seq2seq::nn::kernels {
namespace {

/// The threads of a block; each has its own sums.
template <int RowsALane>
struct BlockTeam {
  Sums<RowsALane> sums;
  template <class Work>
  __host__ __device__ void each(const Work& work) {
#ifdef __CUDA_ARCH__
    work(static_cast<int>(threadIdx.x), sums);
    __syncthreads();
#endif
  }
};

/// Functions of a GPU. Called, it reads what other blocks wrote during this launch, past the first-level cache.
struct GpuMath {
  __host__ __device__ float exp(float x) const { return expf(x); }
  __host__ __device__ float tanh(float x) const { return tanhf(x); }
  __host__ __device__ float operator()(const float* at) const {
#ifdef __CUDA_ARCH__
    return __ldcg(at);
#else
    return *at;
#endif
  }
};

template <int RowsALane, class Pass>
__global__ void __launch_bounds__(recurrence_threads)
    recurrence_kernel(Pass pass, RecurrenceShape shape, uint32_t* counters) {
  extern __shared__ float shared[];
  const BlockMemory memory{.panel = shared,
                           .tile = shared + panel_floats(pass.width),
                           .parts = shared + panel_floats(pass.width) + tile_floats(RowsALane)};
  const BlockPlace place{.group = blockIdx.x / shape.blocks,
                         .groups = shape.groups,
                         .first_cell = blockIdx.x % shape.blocks * block_cells};
  BlockTeam<RowsALane> team;
  load_weights(pass, place, memory, team);
  for (int64_t turn = 0; turn < turns(pass); ++turn) {
    run_step<RowsALane>(pass, place, memory, step_of(pass, turn), team, GpuMath());
    if (turn + 1 < turns(pass)) wait_for_group(counters + counter_stride * place.group, shape.blocks, turn + 1);
  }
}

template <int RowsALane, class Pass>
cudaError_t launch(Pass pass, RecurrenceShape shape, uint32_t* counters, cudaStream_t stream) {
  const auto* const kernel = reinterpret_cast<const void*>(&recurrence_kernel<RowsALane, Pass>);
  const auto shared = static_cast<size_t>(shape.shared_bytes);
  if (const auto error =
          cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared)))
    return error;
  const auto counted = static_cast<size_t>(counter_count(shape)) * sizeof(uint32_t);
  if (const auto error = cudaMemsetAsync(counters, 0, counted, stream)) return error;
  void* arguments[] = {&pass, &shape, &counters};
  const auto blocks = static_cast<unsigned>(shape.groups * shape.blocks);
  return cudaLaunchCooperativeKernel(kernel, dim3(blocks), dim3(recurrence_threads), arguments, shared, stream);
}

template <class Pass>
cudaError_t launch_any(const Pass& pass, const RecurrenceShape& shape, uint32_t* counters, cudaStream_t stream) {
  if (pass.steps == 0) return cudaSuccess;
  switch (shape.rows_per_lane) {
    case 1:
      return launch<1>(pass, shape, counters, stream);
    case 2:
      return launch<2>(pass, shape, counters, stream);
    default:
      return launch<4>(pass, shape, counters, stream);
  }
}

}  // namespace

cudaError_t launch_recurrence(const LstmRecurrence& pass, const RecurrenceShape& shape, uint32_t* counters,
                              cudaStream_t stream) {
  return launch_any(pass, shape, counters, stream);
}

cudaError_t launch_recurrence(const LstmRecurrenceBackward& pass, const RecurrenceShape& shape, uint32_t* counters,
                              cudaStream_t stream) {
  return launch_any(pass, shape, counters, stream);
}

}  // namespace seq2seq::nn::kernels
