#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

namespace seq2seq::nn {

/// Data that the steps of a batch collect for the gradients of their shared parameters. The autograd function of each
/// step adds to it in the backward pass.
class DeferredRows final : public torch::CustomClassHolder {
 public:
  /// Adds the rows of one step: a tensor [n, ...] for each operand of the gradients, without its graph. First drops
  /// rows left by a failed backward pass.
  void add(const std::vector<at::Tensor>& rows);
  /// Returns the rows of all steps and removes them, joined in the order in which the steps ran forward; empty if there
  /// are none.
  std::vector<at::Tensor> take();

 private:
  int backward_pass_ = -1;                     // the number of the pass that left these rows
  std::vector<std::vector<at::Tensor>> rows_;  // one per step, in the order of backward
};

/// Parameters that many steps use. Instead of one product per step, their gradients take one product over the rows of
/// all steps, once the backward pass has reached the last of them.
///
/// Works in any backward pass of the autograd engine, also in several passes one after another, each over some of the
/// steps. The function of a step takes `token()` as an input, returns no gradient for it, and adds to `rows()` if
/// needs_input_grad() is true for the token. The engine runs the function that made the token after all of these. Steps
/// and parameters are on one device.
class Deferred {
 public:
  /// Computes the gradient of each parameter from the joined rows; gradients that are not wanted may stay undefined.
  using Make =
      std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>& rows, const std::vector<bool>& wanted)>;
  Deferred(const std::vector<at::Tensor>& parameters, Make make);

  const at::Tensor& token() const { return token_; }  // [0]
  const c10::intrusive_ptr<DeferredRows>& rows() const { return rows_; }

 private:
  c10::intrusive_ptr<DeferredRows> rows_;
  at::Tensor token_;
};

/// A product with a weight, and optionally a bias, that many steps use: y = x W' + b. Computes their gradients once per
/// backward pass.
class DeferredLinear {
 public:
  /// weight [O, I], bias [O] or undefined. Make a new one for each batch; if gradients are wanted, in gradient mode.
  explicit DeferredLinear(at::Tensor weight, at::Tensor bias = {});
  /// x [n, I] -> [n, O]. Throws ShapeError.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_, bias_;
  std::shared_ptr<const Deferred> deferred_;
};

}  // namespace seq2seq::nn
