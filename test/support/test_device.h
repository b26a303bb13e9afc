#pragma once

// Eight devices that compute like the CPU and refuse what a machine with eight GPUs would refuse: operands that lie on
// different devices. They make a placement testable where there is no GPU.

#include <c10/core/Device.h>

namespace seq2seq::test {

constexpr int test_devices = 8;

/// Device number `index` of 0 .. 7. A program that links this file has them in LibTorch's slot for devices of others.
c10::Device test_device(int index);

}  // namespace seq2seq::test
