#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/train/optimizer.h"

namespace seq2seq::train {

/// Parameters of one device and type that have a gradient: what one call of a fused kernel takes.
struct ParameterGroup {
  std::vector<size_t> indices;  // into the optimizer's parameters
  std::vector<at::Tensor> parameters, gradients;
  /// Those of `all`, one per parameter of the optimizer, that belong to this group; none when `all` is empty.
  std::vector<at::Tensor> pick(const std::vector<at::Tensor>& all) const;
  /// Argument `found_inf` of the fused kernels: `flag` on the group's device, or nothing where it is undefined.
  std::optional<at::Tensor> skip(const at::Tensor& flag) const;
};
std::vector<ParameterGroup> groups_with_gradient(const NamedParameters& parameters);

/// Adds `tensors`, one per parameter, under the parameter's name, a dot and `what`, with the slice behind both:
/// `output.weight.exp_avg[0:2500]`. A single number, which all slices of a parameter share, is added once.
void store(nn::NamedTensors& named, const NamedParameters& parameters, const std::vector<at::Tensor>& tensors,
           const std::string& what);
/// Copies them back from the whole tensors that a file holds. Throws FormatError naming `file` and the tensor that is
/// missing or misshapen.
void fetch(const nn::NamedTensors& named, const NamedParameters& parameters, std::vector<at::Tensor>& tensors,
           const std::string& what, const std::filesystem::path& file);
/// Throws FormatError unless `named` holds whole tensors, and exactly one under the name of each parameter, a dot and
/// each of `what`.
void check_names(const nn::NamedTensors& named, const NamedParameters& parameters,
                 const std::vector<std::string>& whats, const std::filesystem::path& file);

}  // namespace seq2seq::train
