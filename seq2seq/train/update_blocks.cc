#include "seq2seq/train/update_blocks.h"

#include <algorithm>
#include <cstdint>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

namespace seq2seq::train {
namespace {

/// Numbers of a block. Adam reads four tensors: 512 KB in float32, which a second-level cache holds. A multiple of what
/// a vector kernel takes at a time, so that only the end of a tensor is computed as its rest, as in one call for all.
constexpr int64_t kBlock = 32'768;

/// Numbers [first, last) of a member of the group.
struct Span {
  size_t member = 0;
  int64_t first = 0, last = 0;
};

std::vector<std::vector<Span>> cut(const ParameterGroup& group) {
  std::vector<std::vector<Span>> blocks;
  int64_t filled = kBlock;
  for (size_t member = 0; member < group.parameters.size(); ++member) {
    const int64_t numel = group.parameters[member].numel();
    for (int64_t first = 0; first < numel; first += kBlock) {
      const int64_t last = std::min(first + kBlock, numel);
      if (filled + last - first > kBlock) {
        blocks.emplace_back();
        filled = 0;
      }
      blocks.back().push_back({member, first, last});
      filled += last - first;
    }
  }
  return blocks;
}

at::Tensor part_of(const at::Tensor& tensor, const Span& span) {
  if (span.last - span.first == tensor.numel()) return tensor;
  return tensor.view(-1).narrow(0, span.first, span.last - span.first);
}

}  // namespace

void step_in_blocks(const ParameterGroup& group, const std::vector<std::vector<at::Tensor>>& states,
                    const GradientEdit& edit, const std::function<void(const UpdateBlock& block)>& step) {
  const auto blocks = cut(group);
  at::parallel_for(0, std::ssize(blocks), 1, [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_gradient;  // a thread's own
    for (int64_t number = begin; number < end; ++number) {
      UpdateBlock block;
      block.states.resize(states.size());
      for (const auto& span : blocks[static_cast<size_t>(number)]) {
        block.parameters.push_back(part_of(group.parameters[span.member], span));
        block.gradients.push_back(part_of(group.gradients[span.member], span));
        for (size_t kind = 0; kind < states.size(); ++kind)
          block.states[kind].push_back(part_of(states[kind][span.member], span));
        block.members.push_back(span.member);
      }
      if (edit) edit(block.gradients);
      step(block);
    }
  });
}

}  // namespace seq2seq::train
