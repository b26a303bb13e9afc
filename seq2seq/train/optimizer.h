#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/core/registry.h"
#include "seq2seq/nn/weights.h"

namespace seq2seq::train {

/// Changes gradients in place before a step, such as clipping; empty: no change.
using GradientEdit = std::function<void(const std::vector<at::Tensor>& gradients)>;

/// A step with gradients on the CPU, which are read and edited in one pass.
struct EditedStep {
  double learning_rate = 0;
  const std::vector<at::Tensor>& gradients;  // one per parameter
  const GradientEdit& edit;                  // not yet applied; may be called for any parts of the gradients
  const std::vector<at::Tensor>& used_rows;  // one per parameter: see ReadGradients
};

using NamedParameters = std::vector<std::pair<std::string, at::Tensor>>;

/// Changes parameters by their gradients. LibTorch's fused kernels do the arithmetic. The state belongs to this class,
/// so that a checkpoint can store it by name.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// Makes one update with this learning rate. Parameters without a gradient do not change. `skip` [], float32 on a
  /// device or undefined: if it is 1, nothing changes. The host does not wait for its value.
  virtual void step(double learning_rate, const at::Tensor& skip) = 0;
  void step(double learning_rate) { step(learning_rate, {}); }
  /// Edits the gradients and makes the step, with the same bits as one after the other. An optimizer may process them
  /// block by block, and may leave the gradients in `grad()` unedited if it no longer needs them.
  virtual void step(const EditedStep& edited);
  /// Returns true if this step accepts sparse gradients of tables (nn/used_rows.h); otherwise all gradients must be
  /// dense.
  virtual bool takes_sparse() const { return false; }
  virtual double learning_rate() const = 0;  // base that the schedule multiplies
  /// `<parameter>.exp_avg`, ...: the tensors themselves, not copies; they change with the next step.
  virtual nn::NamedTensors state() const = 0;
  virtual void restore(const nn::NamedTensors& state, const std::filesystem::path& file) = 0;
};

using OptimizerRegistry = Registry<Optimizer, const NamedParameters&>;
OptimizerRegistry builtin_optimizers();  // sgd (momentum, nesterov, weight_decay), adam, adamw

}  // namespace seq2seq::train
