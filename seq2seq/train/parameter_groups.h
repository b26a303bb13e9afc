#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/train/optimizer.h"

namespace seq2seq::train {

/// Parameters of one device and type that have a gradient: the arguments of one call of a fused kernel.
struct ParameterGroup {
  std::vector<size_t> indices;  // into the optimizer's parameters
  std::vector<at::Tensor> parameters, gradients;
  /// Returns the tensors of this group from `all`, which has one per parameter of the optimizer; none if `all` is
  /// empty.
  std::vector<at::Tensor> pick(const std::vector<at::Tensor>& all) const;
  /// Returns the argument `found_inf` of the fused kernels: `flag` on the group's device, or no value if it is
  /// undefined.
  std::optional<at::Tensor> skip(const at::Tensor& flag) const;
};
std::vector<ParameterGroup> groups_with_gradient(const NamedParameters& parameters);

/// Adds `tensors`, one per parameter, under the parameter's name, a dot and `what`; the range of a slice comes last:
/// `output.weight.exp_avg[0:2500]`. A single number, which all slices of a parameter share, is added once.
void store(nn::NamedTensors& named, const NamedParameters& parameters, const std::vector<at::Tensor>& tensors,
           const std::string& what);
/// Copies the tensors back from the whole tensors of a file. Throws FormatError naming `file` and the tensor that is
/// missing or has the wrong shape.
void fetch(const nn::NamedTensors& named, const NamedParameters& parameters, std::vector<at::Tensor>& tensors,
           const std::string& what, const std::filesystem::path& file);
/// Throws FormatError unless `named` holds whole tensors, exactly one for each parameter and each of `what`, named by
/// both with a dot between them.
void check_names(const nn::NamedTensors& named, const NamedParameters& parameters,
                 const std::vector<std::string>& whats, const std::filesystem::path& file);

}  // namespace seq2seq::train
