#include "seq2seq/train/parameter_groups.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/slice.h"

namespace seq2seq::train {
namespace {

constexpr auto kRemedy = "The optimizer's state belongs to another model or optimizer, or is damaged";

/// `output.weight[0:2500]` and `exp_avg` -> `output.weight.exp_avg[0:2500]`, or without rows for a single number.
std::string state_name(const std::string& parameter, const std::string& what, const at::Tensor& tensor) {
  auto slice = nn::slice_of(parameter);
  slice.whole += "." + what;
  return tensor.dim() == 0 ? slice.whole : nn::name_of(slice);
}

}  // namespace

std::vector<at::Tensor> ParameterGroup::pick(const std::vector<at::Tensor>& all) const {
  std::vector<at::Tensor> picked;
  if (all.empty()) return picked;
  for (const size_t index : indices) picked.push_back(all[index]);
  return picked;
}

std::optional<at::Tensor> ParameterGroup::skip(const at::Tensor& flag) const {
  if (!flag.defined()) return std::nullopt;
  return flag.to(parameters.front().device(), flag.scalar_type(), /*non_blocking=*/true);
}

std::vector<ParameterGroup> groups_with_gradient(const NamedParameters& parameters) {
  std::vector<ParameterGroup> groups;
  for (size_t index = 0; index < parameters.size(); ++index) {
    const auto& parameter = parameters[index].second;
    if (!parameter.grad().defined()) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const ParameterGroup& other) {
      const auto& first = other.parameters.front();
      return first.device() == parameter.device() && first.scalar_type() == parameter.scalar_type();
    });
    if (group == groups.end()) group = groups.insert(groups.end(), ParameterGroup{});
    group->indices.push_back(index);
    group->parameters.push_back(parameter);
    const auto& gradient = parameter.grad();
    group->gradients.push_back(gradient.is_sparse() ? gradient
                                                    : gradient.contiguous());  // kernels read it without strides
  }
  return groups;
}

void store(nn::NamedTensors& named, const NamedParameters& parameters, const std::vector<at::Tensor>& tensors,
           const std::string& what) {
  for (size_t index = 0; index < tensors.size(); ++index)
    named.tensors.emplace(state_name(parameters[index].first, what, tensors[index]), tensors[index]);
}

void fetch(const nn::NamedTensors& named, const NamedParameters& parameters, std::vector<at::Tensor>& tensors,
           const std::string& what, const std::filesystem::path& file) {
  nn::NamedSlices slices, numbers;
  for (size_t index = 0; index < tensors.size(); ++index) {
    auto& kind = tensors[index].dim() == 0 ? numbers : slices;
    kind.emplace_back(state_name(parameters[index].first, what, tensors[index]), tensors[index]);
  }
  auto sliced = nn::group_slices(slices);
  for (const auto& [name, number] : numbers)
    sliced.push_back({.name = name, .parts = {{.first = 0, .tensor = number}}});
  for (const auto& whole : sliced) {
    const auto& stored = named.tensors.at(whole.name);
    const auto type = whole.parts.front().tensor.scalar_type();
    if (stored.sizes() != at::IntArrayRef(whole.shape()) || stored.scalar_type() != type) {
      throw FormatError(
          Place{.file = file.string(), .part = whole.name},
          fmt::format("has type {} and shape [{}], expected {} and [{}]", c10::toString(stored.scalar_type()),
                      fmt::join(stored.sizes(), ", "), c10::toString(type), fmt::join(whole.shape(), ", ")),
          kRemedy);
    }
    whole.set(stored);
  }
}

void check_names(const nn::NamedTensors& named, const NamedParameters& parameters,
                 const std::vector<std::string>& whats, const std::filesystem::path& file) {
  std::set<std::string> expected;
  for (const auto& what : whats) {
    for (const auto& [name, parameter] : parameters)
      expected.insert(fmt::format("{}.{}", nn::slice_of(name).whole, what));
  }
  for (const auto& name : expected) {
    if (!named.tensors.contains(name))
      throw FormatError(Place{.file = file.string(), .part = name}, "is missing", kRemedy);
  }
  for (const auto& [name, tensor] : named.tensors) {
    if (!expected.contains(name))
      throw FormatError(Place{.file = file.string(), .part = name}, "is not expected here", kRemedy);
  }
}

}  // namespace seq2seq::train
