#include "seq2seq/train/adam.h"

#include <optional>
#include <utility>

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "seq2seq/core/error.h"
#include "seq2seq/train/parameter_groups.h"
#include "seq2seq/train/update_blocks.h"

namespace seq2seq::train {
namespace {

using Fused = void(at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList,
                   double, double, double, double, double, bool, bool, const std::optional<at::Tensor>&,
                   const std::optional<at::Tensor>&);

}  // namespace

void declare(config::Keys& keys, AdamOptions& options) {
  keys.add("learning_rate", options.learning_rate, "learning rate, before the factor of the schedule")
      .above(0)
      .may_change_on_resume();
  keys.add("beta1", options.beta1, "decay of the average of the gradients").at_least(0).below(1);
  keys.add("beta2", options.beta2, "decay of the average of squared gradients").at_least(0).below(1);
  keys.add("epsilon", options.epsilon, "added to the square root of the average of squared gradients").above(0);
  keys.add("weight_decay", options.weight_decay,
           options.decoupled ? "share of a parameter subtracted at each step, times the learning rate"
                             : "L2 penalty: this share of a parameter is added to its gradient")
      .at_least(0);
  keys.add(
      "lazy", options.lazy,
      "in tables of word vectors, change only rows of words in the update's batches. Saves memory traffic but changes "
      "results: all other rows keep their averages and get no weight decay until they are used. CPU only; no effect on "
      "tied embeddings");
}

Adam::Adam(const Options& options, NamedParameters parameters) : options_(options), parameters_(std::move(parameters)) {
  for (const auto& [name, parameter] : parameters_) {
    if (options_.lazy && !parameter.is_cpu() && !parameter.is_meta())
      throw UsageError("`train.optimizer.lazy` works only on the CPU", "Set it to false, or train on the CPU");
    average_.push_back(at::zeros_like(parameter.detach()));
    square_average_.push_back(at::zeros_like(parameter.detach()));
    steps_.push_back(at::zeros({}, parameter.options().dtype(at::kFloat).requires_grad(false)));
  }
}

void Adam::step(double learning_rate, const at::Tensor& skip) {
  const at::NoGradGuard no_gradient;
  for (const auto& group : groups_with_gradient(parameters_)) {
    const auto steps = group.pick(steps_);
    const auto skipped = group.skip(skip);
    at::_foreach_add_(steps, 1);
    if (skipped) at::_foreach_add_(steps, *skipped, -1);
    const auto averages = group.pick(average_), square_averages = group.pick(square_average_);
    fused({group.parameters, group.gradients, averages, square_averages, steps}, learning_rate, skipped);
  }
}

void Adam::step(const EditedStep& edited) {
  const at::NoGradGuard no_gradient;
  const auto stepping = [&](const ParameterGroup& group) {
    return [this, &edited, steps = group.pick(steps_)](const UpdateBlock& block) {
      std::vector<at::Tensor> of_block;
      for (const size_t member : block.members) of_block.push_back(steps[member]);
      fused({block.parameters, block.gradients, block.states[0], block.states[1], of_block}, edited.learning_rate, {});
    };
  };
  const auto states = [&](const ParameterGroup& group) {
    return std::vector{group.pick(average_), group.pick(square_average_)};
  };
  for (const auto& all : groups_with_gradient(parameters_)) {
    at::_foreach_add_(all.pick(steps_), 1);
    const auto by_rows = [&](size_t member) { return options_.lazy && all.gradients[member].is_sparse(); };
    for (size_t member = 0; member < all.indices.size(); ++member) {
      if (by_rows(member))
        step_in_rows(all, member, edited.used_rows[all.indices[member]], states(all), edited.edit, stepping(all));
    }
    const auto group = without(all, by_rows);
    step_in_blocks(group, states(group), edited.edit, stepping(group));
  }
}

void Adam::fused(const Lists& lists, double learning_rate, const std::optional<at::Tensor>& skip) const {
  Fused* const update =
      options_.decoupled ? static_cast<Fused*>(at::_fused_adamw_) : static_cast<Fused*>(at::_fused_adam_);
  update(lists.parameters, lists.gradients, lists.averages, lists.square_averages, {}, lists.steps, learning_rate,
         options_.beta1, options_.beta2, options_.weight_decay, options_.epsilon, /*amsgrad=*/false,
         /*maximize=*/false, /*grad_scale=*/{}, skip);
}

nn::NamedTensors Adam::state() const {
  nn::NamedTensors named;
  store(named, parameters_, average_, "exp_avg");
  store(named, parameters_, square_average_, "exp_avg_sq");
  store(named, parameters_, steps_, "step");
  return named;
}

void Adam::restore(const nn::NamedTensors& state, const std::filesystem::path& file) {
  check_names(state, parameters_, {"exp_avg", "exp_avg_sq", "step"}, file);
  fetch(state, parameters_, average_, "exp_avg", file);
  fetch(state, parameters_, square_average_, "exp_avg_sq", file);
  fetch(state, parameters_, steps_, "step", file);
}

}  // namespace seq2seq::train
