#include "seq2seq/train/sgd.h"

#include <string>
#include <utility>

#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "seq2seq/train/parameter_groups.h"
#include "seq2seq/train/update_blocks.h"

namespace seq2seq::train {

void declare(config::Keys& keys, SgdOptions& options) {
  keys.add("learning_rate", options.learning_rate, "learning rate, before the factor of the schedule")
      .above(0)
      .may_change_on_resume();
  keys.add("momentum", options.momentum, "share of the previous step added to this one; 0: none").at_least(0).below(1);
  keys.add("nesterov", options.nesterov, "use Nesterov momentum");
  keys.add("weight_decay", options.weight_decay, "L2 penalty: this share of a parameter is added to its gradient")
      .at_least(0);
  keys.rule("nesterov",
            [&options] { return options.nesterov && options.momentum == 0 ? "needs `momentum` above 0" : ""; });
}

Sgd::Sgd(const Options& options, NamedParameters parameters) : options_(options), parameters_(std::move(parameters)) {
  if (options_.momentum == 0) return;
  for (const auto& [name, parameter] : parameters_) momentum_.push_back(at::zeros_like(parameter.detach()));
}

void Sgd::step(double learning_rate, const at::Tensor& skip) {
  const at::NoGradGuard no_gradient;
  for (const auto& group : groups_with_gradient(parameters_))
    fused(group.parameters, group.gradients, group.pick(momentum_), learning_rate, group.skip(skip));
}

void Sgd::fused(at::TensorList parameters, at::TensorList gradients, at::TensorList momentum, double learning_rate,
                const std::optional<at::Tensor>& skip) const {
  // Without dampening, a buffer of zeros gives the same first step as torch.optim, so no step is special.
  at::_fused_sgd_(parameters, gradients, momentum, options_.weight_decay, options_.momentum, learning_rate,
                  /*dampening=*/0, options_.nesterov, /*maximize=*/false, /*is_first_step=*/false,
                  /*grad_scale=*/{}, skip);
}

void Sgd::step(const EditedStep& edited) {
  const at::NoGradGuard no_gradient;
  const bool plain = options_.momentum == 0 && options_.weight_decay == 0;
  const auto step = [&](const UpdateBlock& block) {
    fused(block.parameters, block.gradients, block.states.empty() ? std::vector<at::Tensor>() : block.states.front(),
          edited.learning_rate, {});
  };
  for (const auto& all : groups_with_gradient(parameters_)) {
    const auto rows_of = [&](size_t member) { return edited.used_rows[all.indices[member]]; };
    const auto by_rows = [&](size_t member) { return plain && rows_of(member).defined(); };
    for (size_t member = 0; member < all.indices.size(); ++member)
      if (by_rows(member)) step_in_rows(all, member, rows_of(member), {}, edited.edit, step);
    const auto group = without(all, by_rows);
    std::vector<std::vector<at::Tensor>> states;
    if (!momentum_.empty()) states.push_back(group.pick(momentum_));
    step_in_blocks(group, states, edited.edit, step);
  }
}

nn::NamedTensors Sgd::state() const {
  nn::NamedTensors named;
  store(named, parameters_, momentum_, "momentum_buffer");
  return named;
}

void Sgd::restore(const nn::NamedTensors& state, const std::filesystem::path& file) {
  check_names(state, parameters_,
              momentum_.empty() ? std::vector<std::string>{} : std::vector<std::string>{"momentum_buffer"}, file);
  fetch(state, parameters_, momentum_, "momentum_buffer", file);
}

}  // namespace seq2seq::train
