#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/train/optimizer.h"

namespace seq2seq::train {

struct SgdOptions {
  double learning_rate = 0.7;  // arXiv 1409.3215, section 3.4
  double momentum = 0;
  bool nesterov = false;
  double weight_decay = 0;
};
void declare(config::Keys& keys, SgdOptions& options);

/// v = momentum v + g + weight_decay p; p = p - rate v, or with Nesterov p - rate (g + momentum v): as torch.optim.SGD
/// without dampening.
class Sgd final : public Optimizer {
 public:
  using Options = SgdOptions;
  Sgd(const Options& options, NamedParameters parameters);
  using Optimizer::step;
  void step(double learning_rate, const at::Tensor& skip) override;
  /// Without momentum and weight decay, rows without a gradient do not change and are not accessed.
  void step(const EditedStep& edited) override;
  bool takes_sparse() const override { return true; }
  double learning_rate() const override { return options_.learning_rate; }
  nn::NamedTensors state() const override;  // `<parameter>.momentum_buffer`, if there is momentum
  void restore(const nn::NamedTensors& state, const std::filesystem::path& file) override;

 private:
  void fused(at::TensorList parameters, at::TensorList gradients, at::TensorList momentum, double learning_rate,
             const std::optional<at::Tensor>& skip) const;

  SgdOptions options_;
  NamedParameters parameters_;
  std::vector<at::Tensor> momentum_;  // one per parameter, of the same shape; empty without momentum
};

}  // namespace seq2seq::train
