#pragma once

#include <algorithm>
#include <cstdint>

#include <c10/core/Allocator.h>

namespace seq2seq::test {

/// Counts the bytes that tensors on the CPU allocate on this thread, during the lifetime of a c10::DebugInfoGuard of
/// c10::DebugInfoKind::PROFILER_STATE.
class CountedBytes final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t change, size_t, size_t, c10::Device) override {
    bytes += change;
    peak = std::max(peak, bytes);
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t bytes = 0, peak = 0;
};

}  // namespace seq2seq::test
