#include "seq2seq/train/sgd.h"

#include <string>
#include <utility>

#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include "seq2seq/train/parameter_groups.h"

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
  for (const auto& group : groups_with_gradient(parameters_)) {
    // Without dampening a buffer of zeros gives torch.optim's first step, so no step is a special one.
    at::_fused_sgd_(group.parameters, group.gradients, group.pick(momentum_), options_.weight_decay, options_.momentum,
                    learning_rate,
                    /*dampening=*/0, options_.nesterov, /*maximize=*/false, /*is_first_step=*/false,
                    /*grad_scale=*/{}, group.skip(skip));
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
