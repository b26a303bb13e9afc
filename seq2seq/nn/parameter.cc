#include "seq2seq/nn/parameter.h"

#include <map>
#include <set>

#include <ATen/ops/zeros.h>

#include "seq2seq/nn/slice.h"

namespace seq2seq::nn {

at::Tensor Module::add_parameter(const std::string& name, at::IntArrayRef shape, const Role& role,
                                 const ParameterPlace& place) {
  const auto options = at::TensorOptions(place.type).device(place.device);
  auto parameter = register_parameter(name, at::zeros(shape, options));
  use_parameter(parameter, role);
  return parameter;
}

void Module::use_parameter(const at::Tensor& parameter, const Role& role) { uses_.push_back({parameter, role}); }

std::vector<ParameterUse> parameter_uses(const torch::nn::Module& root) {
  std::map<const at::TensorImpl*, std::string> names;
  for (const auto& item : root.named_parameters()) names.emplace(item.value().unsafeGetTensorImpl(), item.key());
  std::vector<const torch::nn::Module*> modules{&root};
  for (const auto& module : root.modules(/*include_self=*/false)) modules.push_back(module.get());
  std::vector<ParameterUse> uses;
  std::set<const torch::nn::Module*> seen;
  for (const auto* module : modules) {
    const auto* stated = dynamic_cast<const Module*>(module);
    if (stated == nullptr || !seen.insert(module).second) continue;
    for (const auto& use : stated->uses_) {
      const auto slice = slice_of(names.at(use.parameter.unsafeGetTensorImpl()));
      uses.push_back({.name = slice.whole, .parameter = use.parameter, .first_row = slice.first, .role = use.role});
    }
  }
  return uses;
}

}  // namespace seq2seq::nn
