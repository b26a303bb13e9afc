#pragma once

// Barrier between the thread blocks of a GPU. Include it only in sources that nvcc compiles.

#include <cstdint>

// assert() calls this function on a GPU. The toolkit declares it only if NDEBUG is not set.
extern "C" __host__ __device__ void __assert_fail(const char* assertion, const char* file, unsigned line,
                                                  const char* function) noexcept;

namespace seq2seq::nn::kernels {

/// Arrives at the barrier with release semantics: earlier writes are visible to threads that acquire the counter.
__device__ inline void release_one(uint32_t* counter) {
  asm volatile("red.release.gpu.add.u32 [%0], 1;" ::"l"(counter) : "memory");
}

__device__ inline uint32_t acquire(const uint32_t* counter) {
  uint32_t count = 0;
  asm volatile("ld.acquire.gpu.u32 %0, [%1];" : "=r"(count) : "l"(counter) : "memory");
  return count;
}

/// The GPU's clock, in nanoseconds.
__device__ inline uint64_t clock_now() {
  uint64_t now = 0;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

/// Waits until all `blocks` of a group have come here `turn` times, and sees what they wrote before. All threads of a
/// block call it; the counter starts at 0. A block that waits for ten seconds ends the launch with a message: another
/// one is lost.
__device__ inline void wait_for_group(uint32_t* counter, int64_t blocks, int64_t turn) {
  constexpr uint64_t patience = 10'000'000'000;
  constexpr uint32_t looks_per_clock = 4096;  // reading the clock takes longer than looking at the counter
  __syncthreads();
  if (threadIdx.x == 0) {
    release_one(counter);
    const auto wanted = static_cast<uint32_t>(blocks * turn);
    const uint64_t begin = clock_now();
    for (uint32_t looks = 1; acquire(counter) < wanted; ++looks) {
      // An assertion's text reaches the user's screen; printf's may be lost with the launch.
      if (looks % looks_per_clock == 0 && clock_now() - begin > patience)
        __assert_fail("a block waited ten seconds for the others of its group", __FILE__, __LINE__, "wait_for_group");
    }
  }
  __syncthreads();
}

}  // namespace seq2seq::nn::kernels
