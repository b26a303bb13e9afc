#include "seq2seq/nn/kernels/recurrence/recurrence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#ifdef SEQ2SEQ_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include "seq2seq/nn/kernels/recurrence/launch.h"
#else
#include <c10/util/Exception.h>
#endif

#include "seq2seq/nn/kernels/recurrence/backward.h"
#include "seq2seq/nn/kernels/recurrence/forward.h"

namespace seq2seq::nn::kernels {
namespace {

struct HostMath {
  float exp(float x) const { return std::exp(x); }
  float tanh(float x) const { return std::tanh(x); }
  float operator()(const float* at) const { return *at; }
};

/// The threads of a block, one after another, in an order that changes with each call.
template <int RowsALane>
class HostTeam {
 public:
  explicit HostTeam(std::mt19937_64& random) : random_(random) { std::iota(order_.begin(), order_.end(), 0); }

  template <class Work>
  void each(const Work& work) {
    std::ranges::shuffle(order_, random_);
    for (const int thread : order_) work(thread, sums_[static_cast<size_t>(thread)]);
  }

 private:
  std::mt19937_64& random_;
  std::array<int, recurrence_threads> order_{};
  std::array<Sums<RowsALane>, recurrence_threads> sums_{};
};

template <int RowsALane>
struct HostBlock {
  BlockPlace place;
  std::vector<float> panel, tile, parts;
  HostTeam<RowsALane> team;
  BlockMemory memory() { return {panel.data(), tile.data(), parts.data()}; }
};

template <int RowsALane, class Pass>
void run_on_host(const Pass& pass, const RecurrenceShape& shape, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<HostBlock<RowsALane>> blocks;
  const auto unset = [](int64_t count) { return std::vector<float>(static_cast<size_t>(count), NAN); };
  for (int64_t block = 0; block < shape.groups * shape.blocks; ++block)
    blocks.push_back({.place = {.group = block / shape.blocks,
                                .groups = shape.groups,
                                .first_cell = block % shape.blocks * block_cells},
                      .panel = unset(panel_floats(pass.width)),
                      .tile = unset(tile_floats(RowsALane)),
                      .parts = unset(part_floats(RowsALane)),
                      .team = HostTeam<RowsALane>(random)});
  for (auto& block : blocks) load_weights(pass, block.place, block.memory(), block.team);
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), 0);
  for (int64_t turn = 0; turn < turns(pass); ++turn) {
    std::ranges::shuffle(order, random);
    for (const size_t number : order) {
      auto& block = blocks[number];
      run_step<RowsALane>(pass, block.place, block.memory(), step_of(pass, turn), block.team, HostMath());
    }
  }
}

template <class Pass>
void run_any_on_host(const Pass& pass, const RecurrenceShape& shape, uint64_t seed) {
  switch (shape.rows_per_lane) {
    case 1:
      return run_on_host<1>(pass, shape, seed);
    case 2:
      return run_on_host<2>(pass, shape, seed);
    default:
      return run_on_host<4>(pass, shape, seed);
  }
}

#ifdef SEQ2SEQ_CUDA

GpuLimits limits_of(int device) {
  const auto* const properties = at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(device));
  return {.multiprocessors = properties->multiProcessorCount,
          .shared_bytes = static_cast<int64_t>(properties->sharedMemPerBlockOptin)};
}

template <class Pass>
void run_on_gpu(const Pass& pass, const RecurrenceShape& shape, uint32_t* counters, int device) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));  // a launch needs its stream's device
  const auto stream = at::cuda::getCurrentCUDAStream(static_cast<c10::DeviceIndex>(device));
  C10_CUDA_CHECK(launch_recurrence(pass, shape, counters, stream));
}

#else

GpuLimits limits_of(int) { return {}; }

template <class Pass>
void run_on_gpu(const Pass&, const RecurrenceShape&, uint32_t*, int) {
  TORCH_CHECK(false, "this build has no kernels for a GPU");
}

#endif

}  // namespace

GpuLimits gpu_limits(int device) { return limits_of(device); }

void lstm_recurrence_on_host(const LstmRecurrence& pass, const RecurrenceShape& shape, uint64_t seed) {
  run_any_on_host(pass, shape, seed);
}

void lstm_recurrence_on_host(const LstmRecurrenceBackward& pass, const RecurrenceShape& shape, uint64_t seed) {
  run_any_on_host(pass, shape, seed);
}

void lstm_recurrence_on_gpu(const LstmRecurrence& pass, const RecurrenceShape& shape, uint32_t* counters, int device) {
  run_on_gpu(pass, shape, counters, device);
}

void lstm_recurrence_on_gpu(const LstmRecurrenceBackward& pass, const RecurrenceShape& shape, uint32_t* counters,
                            int device) {
  run_on_gpu(pass, shape, counters, device);
}

}  // namespace seq2seq::nn::kernels
