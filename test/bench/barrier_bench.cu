// usage: barrier_bench
//
// Prints, in one line of JSON per case, the microseconds that the blocks of a GPU wait for each other: in groups by the
// counter of kernels/recurrence/barrier.h, as a whole grid by that and by CUDA's barrier, and in clusters of 8
// and 16 blocks if the GPU has them (compute capability 9.0). Each is the median of five; the cases alternate. At each
// barrier every thread passes a number to a thread of the next block, through the second-level cache; exits with 1 if a
// number had not arrived. scripts/gpu-check runs it.

#include <algorithm>
#include <cooperative_groups.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "seq2seq/nn/kernels/recurrence/barrier.h"
#include "seq2seq/nn/kernels/recurrence/shape.h"

namespace seq2seq::nn::kernels {
namespace {

constexpr int threads = recurrence_threads;
constexpr int64_t turns = 2000;

void check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  std::fprintf(stderr, "error: %s: %s\n", what, cudaGetErrorString(error));
  std::exit(1);
}

/// Memory in which blocks pass numbers: one half is written while the other may still be read.
struct Exchange {
  int64_t* numbers;  // [2][blocks of the grid][threads]
  int* late;         // numbers that had not arrived
};

__device__ int64_t* number_of(const Exchange& exchange, int64_t turn, int64_t block) {
  return exchange.numbers + (turn % 2 * gridDim.x + block) * threads + threadIdx.x;
}

/// Runs the rounds of a block in a group of `blocks`, which wait for each other by `wait`.
template <class Wait>
__device__ void take_turns(const Exchange& exchange, int64_t blocks, const Wait& wait) {
  const int64_t block = blockIdx.x, first = block / blocks * blocks, next = first + (block - first + 1) % blocks;
  int late = 0;
  for (int64_t turn = 1; turn <= turns; ++turn) {
    *number_of(exchange, turn, block) = turn;
    wait(turn);
    late += __ldcg(reinterpret_cast<const long long*>(number_of(exchange, turn, next))) != turn;
  }
  if (late > 0) atomicAdd(exchange.late, late);
}

__global__ void __launch_bounds__(threads) wait_in_groups(Exchange exchange, int64_t blocks, uint32_t* counters) {
  auto* const counter = counters + counter_stride * (blockIdx.x / blocks);
  take_turns(exchange, blocks, [=](int64_t turn) { wait_for_group(counter, blocks, turn); });
}

__global__ void __launch_bounds__(threads) wait_as_grid(Exchange exchange, int64_t blocks, uint32_t*) {
  take_turns(exchange, blocks, [](int64_t) { cooperative_groups::this_grid().sync(); });
}

__global__ void __launch_bounds__(threads) wait_in_clusters(Exchange exchange, int64_t blocks, uint32_t*) {
#if __CUDA_ARCH__ >= 900
  take_turns(exchange, blocks, [](int64_t) {
    asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
    asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
  });
#endif
}

using Kernel = void (*)(Exchange, int64_t, uint32_t*);

struct Case {
  std::string name;
  Kernel kernel;
  int64_t groups, blocks;  // in all, and of each group
  bool clusters = false;
};

cudaLaunchConfig_t configuration_of(const Case& of, cudaLaunchAttribute& attribute) {
  attribute.id = of.clusters ? cudaLaunchAttributeClusterDimension : cudaLaunchAttributeCooperative;
  if (of.clusters) {
    attribute.val.clusterDim.x = static_cast<unsigned>(of.blocks);
    attribute.val.clusterDim.y = attribute.val.clusterDim.z = 1;
  } else {
    attribute.val.cooperative = 1;
  }
  cudaLaunchConfig_t configuration{};
  configuration.gridDim = dim3(static_cast<unsigned>(of.groups * of.blocks));
  configuration.blockDim = dim3(threads);
  configuration.attrs = &attribute;
  configuration.numAttrs = 1;
  return configuration;
}

class Machine {
 public:
  Machine() {
    check(cudaGetDeviceProperties(&properties_, 0), "no GPU");
    const auto blocks = static_cast<size_t>(properties_.multiProcessorCount);
    check(cudaMalloc(&exchange_.numbers, 2 * blocks * threads * sizeof(int64_t)), "memory");
    check(cudaMalloc(&exchange_.late, sizeof(int)), "memory");
    check(cudaMalloc(&counters_, blocks * counter_stride * sizeof(uint32_t)), "memory");
    check(cudaMemset(exchange_.late, 0, sizeof(int)), "memory");
    check(cudaEventCreate(&begin_), "event");
    check(cudaEventCreate(&end_), "event");
  }

  int64_t multiprocessors() const { return properties_.multiProcessorCount; }

  /// Returns how many clusters of this many blocks run at a time; 0: the GPU or the code has no clusters.
  int64_t clusters(int64_t blocks) const {
    if (properties_.major != 9) return 0;  // others run the PTX of compute_80
    check(cudaFuncSetAttribute(wait_in_clusters, cudaFuncAttributeNonPortableClusterSizeAllowed, 1), "clusters");
    cudaLaunchAttribute attribute{};
    const auto configuration = configuration_of({"", wait_in_clusters, 1, blocks, true}, attribute);
    int found = 0;
    check(cudaOccupancyMaxActiveClusters(&found, wait_in_clusters, &configuration), "clusters");
    return std::min<int64_t>(found, multiprocessors() / blocks);
  }

  double microseconds_a_turn(const Case& of) {
    const auto bytes = static_cast<size_t>(of.groups) * counter_stride * sizeof(uint32_t);
    check(cudaMemset(counters_, 0, bytes), of.name.c_str());
    cudaLaunchAttribute attribute{};
    const auto configuration = configuration_of(of, attribute);
    check(cudaEventRecord(begin_), of.name.c_str());
    check(cudaLaunchKernelEx(&configuration, of.kernel, exchange_, of.blocks, counters_), of.name.c_str());
    check(cudaEventRecord(end_), of.name.c_str());
    check(cudaEventSynchronize(end_), of.name.c_str());
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin_, end_), of.name.c_str());
    return milliseconds * 1e3 / turns;
  }

  int late() const {
    int late = 0;
    check(cudaMemcpy(&late, exchange_.late, sizeof(int), cudaMemcpyDeviceToHost), "memory");
    return late;
  }

 private:
  cudaDeviceProp properties_{};
  Exchange exchange_{};
  uint32_t* counters_ = nullptr;
  cudaEvent_t begin_{}, end_{};
};

std::string several(int64_t groups, const char* what, int64_t blocks) {
  return std::to_string(groups) + " " + what + " of " + std::to_string(blocks) + " blocks";
}

std::vector<Case> cases_on(const Machine& machine) {
  std::vector<Case> cases;
  const int64_t all = machine.multiprocessors();
  for (const int64_t blocks : {8, 16, 32, 64, 125})
    if (blocks <= all) cases.push_back({several(all / blocks, "groups", blocks), wait_in_groups, all / blocks, blocks});
  cases.push_back({several(1, "group", all), wait_in_groups, 1, all});
  cases.push_back({several(1, "grid", all) + " by CUDA's barrier", wait_as_grid, 1, all});
  for (const int64_t blocks : {8, 16})
    if (const auto clusters = machine.clusters(blocks); clusters > 0)
      cases.push_back({several(clusters, "clusters", blocks), wait_in_clusters, clusters, blocks, true});
  return cases;
}

int run() {
  constexpr int counts = 5;
  Machine machine;
  const auto cases = cases_on(machine);
  std::vector<std::vector<double>> times(cases.size());
  for (int count = 0; count <= counts; ++count) {
    for (size_t i = 0; i < cases.size(); ++i) {
      const double time = machine.microseconds_a_turn(cases[i]);
      if (count > 0) times[i].push_back(time);  // the first warms up
    }
  }
  for (size_t i = 0; i < cases.size(); ++i) {
    std::ranges::sort(times[i]);
    std::printf("{\"case\": \"%s\", \"microseconds\": %.2f}\n", cases[i].name.c_str(), times[i][counts / 2]);
  }
  const int late = machine.late();
  if (late > 0) std::fprintf(stderr, "error: %d numbers were not there after their barrier\n", late);
  return late > 0 ? 1 : 0;
}

}  // namespace
}  // namespace seq2seq::nn::kernels

int main() { return seq2seq::nn::kernels::run(); }
