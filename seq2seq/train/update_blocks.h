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

using BlockStep = std::function<void(const UpdateBlock& block)>;

/// Edits the gradients of a group on the CPU and has `step` called for each block right after its own, on all threads:
/// memory is read and written once. Of a sparse gradient each block is made whole for the step. `states`: of each kind
/// one tensor per member. Every number of a tensor must depend on its own alone.
void step_in_blocks(const ParameterGroup& group, const std::vector<std::vector<at::Tensor>>& states,
                    const GradientEdit& edit, const BlockStep& step);

/// The same for these rows of one member only; other rows do not change.
void step_in_rows(const ParameterGroup& group, size_t member, const at::Tensor& rows,
                  const std::vector<std::vector<at::Tensor>>& states, const GradientEdit& edit, const BlockStep& step);

/// Returns the group without the members for which `leaves` is true.
ParameterGroup without(const ParameterGroup& group, const std::function<bool(size_t member)>& leaves);

}  // namespace seq2seq::train
