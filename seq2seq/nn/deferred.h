#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

namespace seq2seq::nn {

/// Data that the steps of a batch collect for the gradients of their shared parameters. The autograd function of a step
/// adds to it on the way back.
class DeferredRows final : public torch::CustomClassHolder {
 public:
  /// Adds the rows of one step: a tensor [n, ...] for each operand of the gradients, without its graph. First drops
  /// rows that a failed backward pass left.
  void add(const std::vector<at::Tensor>& rows);
  /// Returns the rows of all steps and removes them, joined in the order in which the steps ran forward; empty if there
  /// are none.
  std::vector<at::Tensor> take();

 private:
  int backward_pass_ = -1;                     // the number of the pass that the rows are of
  std::vector<std::vector<at::Tensor>> rows_;  // one per step, in the order of backward
};

/// Parameters that many steps use, while gradients are made in one product over the rows of all steps, once backward
/// has reached the last of them, instead of one product a step.
///
/// It holds for any backward pass by the autograd engine, also for several one after another, each over some of the
/// steps: a step's function takes `token()` as an input, gives no gradient for it, and adds to `rows()` where
/// needs_input_grad() says so for the token. The engine comes to the function that made the token after all of these.
/// Steps and parameters are on one device.
class Deferred {
 public:
  /// Makes the gradient of each parameter from the joined rows; those that are not wanted may stay undefined.
  using Make =
      std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>& rows, const std::vector<bool>& wanted)>;
  Deferred(const std::vector<at::Tensor>& parameters, Make make);

  const at::Tensor& token() const { return token_; }  // [0]
  const c10::intrusive_ptr<DeferredRows>& rows() const { return rows_; }

 private:
  c10::intrusive_ptr<DeferredRows> rows_;
  at::Tensor token_;
};

/// A product with a weight, and a bias, that many steps use: y = x W' + b. Makes their gradients once per backward
/// pass.
class DeferredLinear {
 public:
  /// weight [O, I], bias [O] or undefined. Make a new one for each batch, while gradients are kept if they are wanted.
  explicit DeferredLinear(at::Tensor weight, at::Tensor bias = {});
  /// x [n, I] -> [n, O]. Throws ShapeError.
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_, bias_;
  std::shared_ptr<const Deferred> deferred_;
};

}  // namespace seq2seq::nn
