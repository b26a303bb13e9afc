#pragma once

#include <functional>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/data/batch.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/objective.h"

namespace seq2seq::train {

/// Called for a parameter when its gradient of an update is complete.
using GradientReady = std::function<void(const at::Tensor& parameter)>;

/// Computes the gradients of an update. The implementation decides where and in which order forward and backward run.
class GradientSource {
 public:
  virtual ~GradientSource() = default;
  /// `ready` is called during accumulate(), by one thread at a time and at most once for each parameter, when the
  /// update will not add to its `grad` any more. The gradient of any other parameter is complete when accumulate()
  /// returns.
  void on_ready(GradientReady ready) { ready_ = std::move(ready); }
  /// Adds to every trainable parameter's `grad` the derivative of the sum of all weighted token losses over `divisor`.
  /// Returns the weighted losses of each batch's target words [N], in packed order, without gradient and without terms
  /// that the objective adds (coverage), for a perplexity.
  virtual std::vector<at::Tensor> accumulate(const std::vector<data::Batch>& batches, double divisor,
                                             const nn::Draw& draw) = 0;

 protected:
  const GradientReady& ready() const { return ready_; }  // empty: no callback

 private:
  GradientReady ready_;
};

/// Computes one batch after another, forward then backward, in this process. A batch without sentences adds nothing.
/// The model must outlive it.
class SerialGradients final : public GradientSource {
 public:
  SerialGradients(const nn::Model& model, const LossOptions& options) : model_(model), options_(options) {}
  std::vector<at::Tensor> accumulate(const std::vector<data::Batch>& batches, double divisor,
                                     const nn::Draw& draw) override;

 private:
  const nn::Model& model_;
  LossOptions options_;
};

}  // namespace seq2seq::train
