#include "seq2seq/nn/local_graph.h"

#include <torch/csrc/autograd/autograd.h>

#include "seq2seq/nn/used_rows.h"

namespace seq2seq::nn {

at::Tensor LocalGraph::leaf(const at::Tensor& tensor) {
  // Not detach(): pieces of the same memory are written later, which would count as changes of this one.
  leaves_.push_back(tensor.variable_data().requires_grad_());
  return leaves_.back();
}

void LocalGraph::add_output(const at::Tensor& output, const at::Tensor& gradient) {
  if (!gradient.defined() || !output.requires_grad()) return;
  outputs_.push_back(output);
  output_gradients_.push_back(gradient.to(output.device()));
}

void LocalGraph::backward() {
  auto inputs = leaves_;
  std::vector<size_t> trained;
  for (size_t number = 0; number < parameters_.size(); ++number) {
    if (!parameters_[number].requires_grad()) continue;
    trained.push_back(number);
    inputs.push_back(parameters_[number]);
  }
  const auto found = outputs_.empty() || inputs.empty()
                         ? std::vector<at::Tensor>(inputs.size())
                         : torch::autograd::grad(outputs_, inputs, output_gradients_, /*retain_graph=*/false,
                                                 /*create_graph=*/false, /*allow_unused=*/true);
  gradients_.assign(found.begin(), found.begin() + std::ssize(leaves_));
  parameter_gradients_.assign(parameters_.size(), at::Tensor());
  for (size_t i = 0; i < trained.size(); ++i) parameter_gradients_[trained[i]] = found[leaves_.size() + i];
  outputs_.clear();
  output_gradients_.clear();
}

void give(at::Tensor reader, const at::Tensor& gradient) {
  if (!reader.defined()) return;
  gradient.defined() ? reader.copy_(gradient) : reader.zero_();
}

void deliver(const std::vector<at::Tensor>& parameters, std::vector<at::Tensor>& gradients) {
  for (size_t number = 0; number < parameters.size(); ++number) {
    if (!gradients[number].defined()) continue;
    auto& sum = parameters[number].mutable_grad();
    add_gradient(sum, sum.defined() ? gradients[number].to(sum.device()) : gradients[number]);
    gradients[number].reset();
  }
}

void add_each(std::vector<at::Tensor>& sums, const std::vector<at::Tensor>& more) {
  for (size_t i = 0; i < more.size(); ++i) {
    if (!more[i].defined()) continue;
    add_gradient(sums[i], sums[i].defined() ? more[i] : more[i].clone());
  }
}

}  // namespace seq2seq::nn
