#include "seq2seq/core/gpu_kernels.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/text.h"

namespace seq2seq {
namespace {

constexpr std::array<std::pair<GpuKernel, std::string_view>, 3> names{
    {{GpuKernel::cudnn, "cudnn"}, {GpuKernel::lstm, "lstm"}, {GpuKernel::softmax, "softmax"}}};

std::vector<GpuKernel> asked_for() {
  std::vector<GpuKernel> kernels;
  const char* asked = std::getenv("SEQ2SEQ_GPU_KERNELS");
  if (asked == nullptr || *asked == '\0') return kernels;
  for (const auto part : split(asked, ',')) {
    const auto found = std::ranges::find(names, part, [](const auto& named) { return named.second; });
    if (found == names.end())
      throw UsageError({.part = fmt::format("SEQ2SEQ_GPU_KERNELS={}", asked)},
                       fmt::format("unknown kernel {}", quote(part)),
                       "Use one or more of cudnn, lstm and softmax, separated by commas");
    kernels.push_back(found->first);
  }
  return kernels;
}

}  // namespace

bool is_on(GpuKernel kernel) {
  const auto asked = asked_for();
  return std::ranges::find(asked, kernel) != asked.end();
}

std::string gpu_kernels_refusal(int compute_capability) {
  constexpr int built_for = 80;  // third_party/cuda.cmake: compute_80 for the driver to compile, and sm_90
  if (compute_capability >= built_for) return "";
  for (const auto& [kernel, name] : names) {
    if (kernel == GpuKernel::cudnn || !is_on(kernel)) continue;
    return fmt::format("`{}` is built for GPUs of compute capability 8.0 and more, but this one has {}.{}", name,
                       compute_capability / 10, compute_capability % 10);
  }
  return "";
}

std::string gpu_kernels() {
  std::vector<std::string_view> on;
  for (const auto& [kernel, name] : names)
    if (is_on(kernel)) on.push_back(name);
  return fmt::format("{}", fmt::join(on, ", "));
}

}  // namespace seq2seq
