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

/// Changes gradients in place before a step, as clipping does; empty: it changes none.
using GradientEdit = std::function<void(const std::vector<at::Tensor>& gradients)>;

/// A step of gradients on the CPU that are read and changed once.
struct EditedStep {
  double learning_rate = 0;
  const std::vector<at::Tensor>& gradients;  // one per parameter
  const GradientEdit& edit;                  // still to be made; may be called for any parts of the gradients
  const std::vector<at::Tensor>& used_rows;  // one per parameter: see ReadGradients
};

using NamedParameters = std::vector<std::pair<std::string, at::Tensor>>;

/// Changes parameters by their gradients. LibTorch's fused kernels do the arithmetic; the state is ours, so that a
/// checkpoint holds it by name.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  /// One update with this learning rate. Parameters without a gradient stay as they are. `skip` [] float32 on a device,
  /// or undefined: where it holds 1, nothing changes, and the host does not wait to learn whether it does.
  virtual void step(double learning_rate, const at::Tensor& skip) = 0;
  void step(double learning_rate) { step(learning_rate, {}); }
  /// Edits the gradients and makes the step, with the same bits as if these were done one after the other. An optimizer
  /// may go through them block by block, and leave the gradients of `grad()` as they were where it does not need them
  /// any more.
  virtual void step(const EditedStep& edited);
  /// Returns true if this step takes gradients of tables that are sparse (nn/used_rows.h); else all it is given are
  /// whole.
  virtual bool takes_sparse() const { return false; }
  virtual double learning_rate() const = 0;  // the base the schedule multiplies
  /// `<parameter>.exp_avg`, ...: the tensors themselves, not copied, which change with the next step.
  virtual nn::NamedTensors state() const = 0;
  virtual void restore(const nn::NamedTensors& state, const std::filesystem::path& file) = 0;
};

using OptimizerRegistry = Registry<Optimizer, const NamedParameters&>;
OptimizerRegistry builtin_optimizers();  // sgd (momentum, nesterov, weight_decay), adam, adamw

}  // namespace seq2seq::train
