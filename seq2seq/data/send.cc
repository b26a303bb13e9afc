#include "seq2seq/data/send.h"

#include <algorithm>

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/split_with_sizes.h>

namespace seq2seq::data {

at::Tensor send(const at::Tensor& tensor, c10::Device device) {
  if (tensor.numel() == 0) return at::empty(tensor.sizes(), tensor.options().device(device));
  if (!tensor.is_cpu() || device.is_cpu() || device.is_meta()) return tensor.to(device);
  const auto pinned = tensor.is_pinned() ? tensor : tensor.contiguous().pin_memory();
  return pinned.to(device, tensor.scalar_type(), /*non_blocking=*/true);
}

std::vector<at::Tensor> send_together(const std::vector<at::Tensor>& numbers, c10::Device device) {
  const bool to_send = !device.is_cpu() && std::ranges::all_of(numbers, [](const auto& each) { return each.is_cpu(); });
  if (!to_send) {
    std::vector<at::Tensor> there;
    for (const auto& each : numbers) there.push_back(each.to(device));
    return there;
  }
  std::vector<int64_t> sizes;
  for (const auto& each : numbers) sizes.push_back(each.numel());
  return at::split_with_sizes(send(at::cat(numbers), device), sizes);
}

}  // namespace seq2seq::data
