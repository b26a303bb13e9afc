#pragma once

// Eight devices that compute like the CPU and, like a machine with eight GPUs, reject operands on different devices.
// They make placements testable without a GPU, and count the operations that the host would wait for.

#include <cstddef>
#include <string>
#include <vector>

#include <c10/core/Device.h>

namespace seq2seq::test {

constexpr int test_devices = 8;

/// Returns device number `index` of 0 .. 7. They use LibTorch's slot for external devices.
c10::Device test_device(int index);

/// Returns the operations since the last call that the host would wait for on a GPU: the names of operations that
/// read back (`aten::_local_scalar_dense`, `aten::nonzero`), `copy to the host`, `copy from memory that is not pinned`,
/// `event`.
std::vector<std::string> take_waits();

/// Limits tensors on a device to this many bytes during its lifetime; larger ones fail as on a GPU with full memory.
class FullTestDevice {
 public:
  FullTestDevice(int index, size_t bytes);
  FullTestDevice(const FullTestDevice&) = delete;
  FullTestDevice& operator=(const FullTestDevice&) = delete;
  ~FullTestDevice();

 private:
  size_t index_;
};

}  // namespace seq2seq::test
