#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/train/optimizer.h"
#include "seq2seq/train/parameter_groups.h"

namespace seq2seq::train {

/// Whole parameters, or parts of one, small enough that what a step reads and writes of them stays in the cache.
struct UpdateBlock {
  std::vector<at::Tensor> parameters, gradients;
  std::vector<std::vector<at::Tensor>> states;  // as given, by kind of state
  std::vector<size_t> members;                  // of the group, one per tensor
};

/// Edits the gradients of a group on the CPU and has `step` called for each block right after its own, on all threads:
/// memory is read and written once. `states`: of each kind one tensor per member. Every number of a tensor must depend
/// on its own alone.
void step_in_blocks(const ParameterGroup& group, const std::vector<std::vector<at::Tensor>>& states,
                    const GradientEdit& edit, const std::function<void(const UpdateBlock& block)>& step);

}  // namespace seq2seq::train
