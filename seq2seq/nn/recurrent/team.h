#pragma once

#include <algorithm>
#include <cstdint>
#include <omp.h>

#include <ATen/Parallel.h>

namespace seq2seq::nn {

struct Range {
  int64_t first, last;
  int64_t size() const { return last - first; }
};

/// One of the threads that work on a layer together.
struct Member {
  int64_t thread, threads;
  /// Returns this thread's part of 0 .. count - 1. Its ends are multiples of `unit`, except the last.
  Range part(int64_t count, int64_t unit = 1) const {
    const int64_t units = (count + unit - 1) / unit;
    const auto from = [&](int64_t of) { return std::min(count, units * of / threads * unit); };
    return {from(thread), from(thread + 1)};
  }
};

/// Returns the number of threads that run_on_threads() uses for this number of parts.
inline int64_t team_size(int64_t parts) { return std::min<int64_t>(at::get_num_threads(), parts); }

/// Runs work(member) on LibTorch's number of threads, at most `parts`. In `work`, `omp barrier` waits for all of them.
/// `work` must not throw, and therefore must not allocate: an exception that leaves it ends the process.
template <class Work>
void run_on_threads(int64_t parts, Work work) {
  const auto threads = static_cast<int>(team_size(parts));
#pragma omp parallel num_threads(threads)
  work(Member{omp_get_thread_num(), omp_get_num_threads()});
}

}  // namespace seq2seq::nn
