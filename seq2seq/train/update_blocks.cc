#include "seq2seq/train/update_blocks.h"

#include <algorithm>
#include <cstdint>

#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>

namespace seq2seq::train {
namespace {

/// Numbers of a block in [64 K, 512 K], a few for each thread: larger ones leave the cache, and the calls for smaller
/// ones would count. A multiple of what a vector kernel takes at a time, so that only the end of a tensor is computed
/// as its rest, as in one call for all.
int64_t block_size(const ParameterGroup& group) {
  int64_t numbers = 0;
  for (const auto& parameter : group.parameters) numbers += parameter.numel();
  constexpr int64_t least = int64_t{1} << 16, most = int64_t{1} << 19, a_thread = 4;
  return std::clamp(numbers / (a_thread * at::get_num_threads()) / least * least, least, most);
}

/// Numbers [first, last) of a member of the group.
struct Span {
  size_t member = 0;
  int64_t first = 0, last = 0;
};

std::vector<std::vector<Span>> cut(const ParameterGroup& group) {
  std::vector<std::vector<Span>> blocks;
  const int64_t size = block_size(group);
  int64_t filled = size;
  for (size_t member = 0; member < group.parameters.size(); ++member) {
    const int64_t numel = group.parameters[member].numel();
    for (int64_t first = 0; first < numel; first += size) {
      const int64_t last = std::min(first + size, numel);
      if (filled + last - first > size) {
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
    const at::AutoDispatchBelowADInplaceOrView without_graph;  // of this thread
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
