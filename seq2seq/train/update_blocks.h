#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/train/optimizer.h"
#include "seq2seq/train/parameter_groups.h"

namespace seq2seq::train {

/// Whole parameters, or parts of one, so small that the data of a step stay in the cache.
struct UpdateBlock {
  std::vector<at::Tensor> parameters, gradients;
  std::vector<std::vector<at::Tensor>> states;  // by kind of state, as passed in
  std::vector<size_t> members;                  // number within the group, one per tensor
};

using BlockStep = std::function<void(const UpdateBlock& block)>;

/// Edits the gradients of a group on the CPU block by block and calls `step` right after each edit, on all threads, so
/// that memory is read and written once. Makes each block of a sparse gradient dense for the step. `states`: for each
/// kind, one tensor per member. Edit and step must treat each element independently.
void step_in_blocks(const ParameterGroup& group, const std::vector<std::vector<at::Tensor>>& states,
                    const GradientEdit& edit, const BlockStep& step);

/// As above, for these rows of one member only; other rows do not change.
void step_in_rows(const ParameterGroup& group, size_t member, const at::Tensor& rows,
                  const std::vector<std::vector<at::Tensor>>& states, const GradientEdit& edit, const BlockStep& step);

/// Returns the group without the members for which `leaves` is true.
ParameterGroup without(const ParameterGroup& group, const std::function<bool(size_t member)>& leaves);

}  // namespace seq2seq::train
