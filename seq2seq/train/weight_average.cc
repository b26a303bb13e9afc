#include "seq2seq/train/weight_average.h"

#include <algorithm>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/lerp.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/slice.h"
#include "seq2seq/train/parameter_groups.h"

namespace seq2seq::train {
namespace {

constexpr auto kTrained = "trained";

}  // namespace

void declare(config::Keys& keys, AverageOptions& options) {
  keys.add("decay", options.decay,
           "share of the average kept at each update, such as 0.9999; smaller at the beginning, so that it forgets the "
           "initial weights. null: no average. Costs a copy of the weights")
      .above(0)
      .below(1);
}

WeightAverage::WeightAverage(double decay, NamedParameters parameters)
    : decay_(decay), parameters_(std::move(parameters)) {
  for (const auto& [name, parameter] : parameters_) averages_.push_back(parameter.detach().clone());
}

double WeightAverage::share_of(int64_t updates) const {
  const auto made = static_cast<double>(updates);
  return 1 - std::min(decay_, (made + 1) / (made + 10));
}

void WeightAverage::add(int64_t updates) {
  const at::NoGradGuard no_gradient;
  for (size_t i = 0; i < averages_.size(); ++i) averages_[i].lerp_(parameters_[i].second, share_of(updates));
}

void WeightAverage::add(int64_t updates, const at::Tensor& skip) {
  const at::NoGradGuard no_gradient;
  const auto share = (1 - skip.to(at::kDouble)) * share_of(updates);
  for (size_t i = 0; i < averages_.size(); ++i) {
    const auto there = share.to(averages_[i].device(), averages_[i].scalar_type(), /*non_blocking=*/true);
    averages_[i].lerp_(parameters_[i].second, there);
  }
}

void WeightAverage::exchange() {
  const at::NoGradGuard no_gradient;
  for (size_t i = 0; i < averages_.size(); ++i) {
    // Copies, because other modules may hold views of a parameter.
    const auto trained = parameters_[i].second.detach().clone();
    at::Tensor parameter = parameters_[i].second;
    parameter.copy_(averages_[i]);
    averages_[i].copy_(trained);
  }
}

nn::NamedTensors WeightAverage::weights(const torch::nn::Module& model) const {
  auto weights = nn::weights_in_place(model);
  for (size_t i = 0; i < averages_.size(); ++i) weights.tensors.at(parameters_[i].first) = averages_[i];
  return weights;
}

void WeightAverage::store(nn::NamedTensors& optimizer) const {
  std::vector<at::Tensor> trained;
  for (const auto& [name, parameter] : parameters_) trained.push_back(parameter.detach());
  train::store(optimizer, parameters_, trained, kTrained);
}

void WeightAverage::restore(nn::NamedTensors& optimizer, const std::filesystem::path& file) {
  const at::NoGradGuard no_gradient;
  std::vector<at::Tensor> trained;
  nn::NamedTensors own;
  for (size_t i = 0; i < averages_.size(); ++i) {
    averages_[i].copy_(parameters_[i].second);
    trained.push_back(parameters_[i].second.detach());
    auto node = optimizer.tensors.extract(fmt::format("{}.{}", nn::slice_of(parameters_[i].first).whole, kTrained));
    if (!node.empty()) own.tensors.insert(std::move(node));
  }
  check_names(own, parameters_, {kTrained}, file);
  fetch(own, parameters_, trained, kTrained, file);
}

}  // namespace seq2seq::train
