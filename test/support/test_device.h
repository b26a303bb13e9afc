#pragma once

// Eight devices that compute like the CPU and refuse what a machine with eight GPUs would refuse: operands that are on
// different devices. They make a placement testable where there is no GPU, and count what the host would wait for.

#include <cstddef>
#include <string>
#include <vector>

#include <c10/core/Device.h>

namespace seq2seq::test {

constexpr int test_devices = 8;

/// Device number `index` of 0 .. 7. A program that links this file has them in LibTorch's slot for devices of others.
c10::Device test_device(int index);

/// What the host waited for on these devices since the last call, where on a GPU it would: the names of operations that
/// read back (`aten::_local_scalar_dense`, `aten::nonzero`), `copy to the host`, `copy from memory that is not pinned`,
/// `event`.
std::vector<std::string> take_waits();

/// While it lives, this device gives no tensor more than so many bytes, and fails as a GPU does whose memory is full.
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
