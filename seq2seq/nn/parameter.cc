#include "seq2seq/nn/parameter.h"

#include <algorithm>
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

namespace {

/// Returns `root` and the modules below it that declare roles, each once.
std::vector<const Module*> stated_modules(const torch::nn::Module& root) {
  std::vector<const torch::nn::Module*> modules{&root};
  for (const auto& module : root.modules(/*include_self=*/false)) modules.push_back(module.get());
  std::vector<const Module*> stated;
  std::set<const torch::nn::Module*> seen;
  for (const auto* module : modules) {
    const auto* known = dynamic_cast<const Module*>(module);
    if (known != nullptr && seen.insert(module).second) stated.push_back(known);
  }
  return stated;
}

}  // namespace

std::vector<ParameterUse> parameter_uses(const torch::nn::Module& root) {
  return parameter_uses(root, /*encoder=*/torch::nn::Module());
}

std::vector<ParameterUse> parameter_uses(const torch::nn::Module& root, const torch::nn::Module& encoder) {
  std::map<const at::TensorImpl*, std::string> names;
  for (const auto& item : root.named_parameters()) names.emplace(item.value().unsafeGetTensorImpl(), item.key());
  const auto of_encoder = stated_modules(encoder);
  std::vector<ParameterUse> uses;
  for (const auto* module : stated_modules(root)) {
    const bool reads = std::ranges::find(of_encoder, module) != of_encoder.end();
    for (const auto& use : module->uses_) {
      // A parameter of a module outside `root`, such as a table that an encoder shares, has no name in `root`.
      const auto name = names.find(use.parameter.unsafeGetTensorImpl());
      const auto slice = slice_of(name == names.end() ? std::string() : name->second);
      uses.push_back({.name = slice.whole,
                      .parameter = use.parameter,
                      .first_row = slice.first,
                      .role = use.role,
                      .side = reads ? Side::source : Side::target});
    }
  }
  return uses;
}

std::vector<at::Tensor> parameters_used(const torch::nn::Module& root) {
  std::vector<at::Tensor> used;
  for (const auto* module : stated_modules(root)) {
    for (const auto& use : module->uses_)
      if (std::ranges::none_of(used, [&](const auto& other) { return other.is_same(use.parameter); }))
        used.push_back(use.parameter);
  }
  return used;
}

}  // namespace seq2seq::nn
