#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::data {

/// A tensor of the CPU on a device. The copy is made on the device's current stream from pinned memory, and the caller
/// waits for nothing. A tensor that lies there is returned as it is. Keeps no graph.
at::Tensor send(const at::Tensor& tensor, c10::Device device);
/// Several tensors of int64 [n], of the CPU, in one copy.
std::vector<at::Tensor> send_together(const std::vector<at::Tensor>& numbers, c10::Device device);

}  // namespace seq2seq::data
