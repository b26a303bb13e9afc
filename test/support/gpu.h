#pragma once

#include <cstdlib>
#include <optional>
#include <string>

#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "test/support/catch.h"

namespace seq2seq::test {

/// Returns the first GPU. Empty without one; then the case prints a warning and returns. Such cases are tagged [gpu].
inline std::optional<c10::Device> gpu() {
  try {
    return parse_available_device("cuda");
  } catch (const UsageError&) {
    WARN("skipped: no GPU");
    return std::nullopt;
  }
}

/// Sets SEQ2SEQ_GPU_KERNELS to these kernels during its lifetime.
class GpuKernels {
 public:
  explicit GpuKernels(const std::string& names) { ::setenv("SEQ2SEQ_GPU_KERNELS", names.c_str(), 1); }
  ~GpuKernels() { ::unsetenv("SEQ2SEQ_GPU_KERNELS"); }
  GpuKernels(const GpuKernels&) = delete;
  GpuKernels& operator=(const GpuKernels&) = delete;
};

}  // namespace seq2seq::test
