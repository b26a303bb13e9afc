#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::data {

/// Copies a tensor from the CPU to a device, on the device's current stream and from pinned memory. The caller does not
/// wait. A tensor that is already on the device is returned unchanged. Does not keep the graph.
at::Tensor send(const at::Tensor& tensor, c10::Device device);
/// Copies several int64 tensors [n] from the CPU at once.
std::vector<at::Tensor> send_together(const std::vector<at::Tensor>& numbers, c10::Device device);

}  // namespace seq2seq::data
