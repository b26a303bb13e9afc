#include "seq2seq/nn/deferred.h"

#include <utility>

#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/graph_task.h>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Operation and inputs of the gradients.
struct Deferral final : torch::CustomClassHolder {
  Deferral(c10::intrusive_ptr<DeferredRows> rows, Deferred::Make make, size_t parameters)
      : rows(std::move(rows)), make(std::move(make)), parameters(parameters) {}
  c10::intrusive_ptr<DeferredRows> rows;
  Deferred::Make make;
  size_t parameters;
};

/// Forward, makes the token of the parameters; backward, computes their gradients. The engine runs it after every
/// function that took the token, although these return no gradient for it.
class DeferredRoot : public torch::autograd::Function<DeferredRoot> {
 public:
  static Tensor forward(AutogradContext* context, at::TensorList parameters,
                        const c10::intrusive_ptr<Deferral>& deferral) {
    context->set_materialize_grads(false);
    context->saved_data["deferral"] = at::IValue::make_capsule(deferral);
    // On the parameters' device: the engine runs a backward function on the device and stream of its forward result.
    return at::empty({0}, parameters.front().options());
  }

  static variable_list backward(AutogradContext* context, const variable_list&) {
    const auto deferral = c10::static_intrusive_pointer_cast<Deferral>(context->saved_data["deferral"].toCapsule());
    variable_list gradients(deferral->parameters + 1);  // undefined for the deferral
    const auto rows = deferral->rows->take();
    if (rows.empty()) return gradients;
    std::vector<bool> wanted;
    for (size_t number = 0; number < deferral->parameters; ++number)
      wanted.push_back(context->needs_input_grad(number));
    const auto made = deferral->make(rows, wanted);
    for (size_t number = 0; number < deferral->parameters; ++number) {
      if (wanted[number]) gradients[number] = made[number];
    }
    return gradients;
  }
};

/// Not inputs of the step, because their gradients come through the token.
struct LinearWeights {
  Tensor weight, bias;
};

class LinearStep : public torch::autograd::Function<LinearStep> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& /*token*/,
                        const LinearWeights& weights, const c10::intrusive_ptr<DeferredRows>& rows) {
    context->set_materialize_grads(false);
    context->save_for_backward({x, weights.weight});
    context->saved_data["rows"] = at::IValue::make_capsule(rows);
    const auto transposed = weights.weight.t();
    return weights.bias.defined() ? at::addmm(weights.bias, x, transposed) : at::mm(x, transposed);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto& output_gradient = gradients[0];
    if (!output_gradient.defined()) return variable_list(inputs);
    const auto saved = context->get_saved_variables();
    if (context->needs_input_grad(token)) {
      c10::static_intrusive_pointer_cast<DeferredRows>(context->saved_data["rows"].toCapsule())
          ->add({saved[0], output_gradient});
    }
    variable_list result(inputs);
    if (context->needs_input_grad(0)) result[0] = at::mm(output_gradient, saved[1]);
    return result;
  }

 private:
  static constexpr size_t token = 1, inputs = 4;
};

}  // namespace

void DeferredRows::add(const std::vector<Tensor>& rows) {
  const int pass = torch::autograd::get_current_graph_task_id();
  if (pass != backward_pass_) rows_.clear();
  backward_pass_ = pass;
  auto& kept = rows_.emplace_back();
  for (const auto& tensor : rows) kept.push_back(tensor.detach());
}

std::vector<Tensor> DeferredRows::take() {
  const auto steps = std::exchange(rows_, {});
  if (steps.empty() || backward_pass_ != torch::autograd::get_current_graph_task_id()) return {};
  if (steps.size() == 1) return steps.front();
  std::vector<Tensor> joined;
  for (size_t part = 0; part < steps.front().size(); ++part) {
    std::vector<Tensor> pieces;
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) pieces.push_back((*step)[part]);
    joined.push_back(at::cat(pieces));
  }
  return joined;
}

Deferred::Deferred(const std::vector<Tensor>& parameters, Make make) : rows_(c10::make_intrusive<DeferredRows>()) {
  const auto deferral = c10::make_intrusive<Deferral>(rows_, std::move(make), parameters.size());
  token_ = DeferredRoot::apply(at::TensorList(parameters), deferral);
}

DeferredLinear::DeferredLinear(Tensor weight, Tensor bias) : weight_(std::move(weight)), bias_(std::move(bias)) {
  std::vector<Tensor> parameters{weight_};
  if (bias_.defined()) parameters.push_back(bias_);
  deferred_ =
      std::make_shared<Deferred>(parameters, [](const std::vector<Tensor>& rows, const std::vector<bool>& wanted) {
        const auto &x = rows[0], &output_gradient = rows[1];
        std::vector<Tensor> gradients{wanted[0] ? at::mm(output_gradient.t(), x) : Tensor()};
        if (wanted.size() > 1) gradients.push_back(wanted[1] ? output_gradient.sum(0) : Tensor());
        return gradients;
      });
}

Tensor DeferredLinear::operator()(const Tensor& x) const {
  check_shape(x, {-1, weight_.size(1)}, "rows for a deferred product [n, I]");
  return LinearStep::apply(x, deferred_->token(), LinearWeights{weight_.detach(), bias_}, deferred_->rows());
}

}  // namespace seq2seq::nn
