#pragma once

#include <cstddef>
#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::nn {

/// A piece of a model with a separate autograd graph, from its leaves to its outputs.
class LocalGraph {
 public:
  /// Returns a leaf of the graph that shares the memory of `tensor`. gradient(i) belongs to the i-th call, counted from
  /// 0.
  at::Tensor leaf(const at::Tensor& tensor);
  /// Sets the parameters of the stage; parameter_gradients() returns their gradients.
  void parameters(const std::vector<at::Tensor>& all) { parameters_ = all; }
  /// Adds an output and its gradient; undefined: none.
  void add_output(const at::Tensor& output, const at::Tensor& gradient);
  /// Runs backward once and frees the graph.
  void backward();

  const at::Tensor& gradient(size_t leaf) const { return gradients_.at(leaf); }
  const std::vector<at::Tensor>& parameter_gradients() const { return parameter_gradients_; }

 private:
  std::vector<at::Tensor> leaves_, parameters_, outputs_, output_gradients_;
  std::vector<at::Tensor> gradients_, parameter_gradients_;
};

/// Copies the gradient of a leaf, or zeros if it has none, into `reader`. Does nothing for an undefined reader.
void give(at::Tensor reader, const at::Tensor& gradient);

/// Adds derivatives, except undefined ones, to grad() of parameters on any device, and releases them.
void deliver(const std::vector<at::Tensor>& parameters, std::vector<at::Tensor>& gradients);

/// Adds the defined tensors one by one; an undefined sum becomes a copy.
void add_each(std::vector<at::Tensor>& sums, const std::vector<at::Tensor>& more);

}  // namespace seq2seq::nn
