#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/train/optimizer.h"

namespace seq2seq::train {

struct AdamOptions {
  double learning_rate = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool lazy = false;
  bool decoupled = false;  // what sets AdamW apart: no key, the registry's two entries differ in it
};
void declare(config::Keys& keys, AdamOptions& options);

/// Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1); `decoupled`, AdamW (Loshchilov and Hutter 2019, arXiv
/// 1711.05101): weight decay shrinks the parameter by rate * weight_decay instead of joining the gradient. As
/// torch.optim.Adam and AdamW. `lazy`: of a sparse gradient, a step changes averages and parameters of the used rows
/// alone, as torch.optim.SparseAdam.
class Adam final : public Optimizer {
 public:
  using Options = AdamOptions;
  /// Throws UsageError if it is lazy and a parameter is on a GPU, where gradients are whole.
  Adam(const Options& options, NamedParameters parameters);
  using Optimizer::step;
  void step(double learning_rate, const at::Tensor& skip) override;
  void step(const EditedStep& edited) override;
  bool takes_sparse() const override { return true; }
  double learning_rate() const override { return options_.learning_rate; }
  nn::NamedTensors state() const override;  // `<parameter>.exp_avg`, `<parameter>.exp_avg_sq`, `<parameter>.step`
  void restore(const nn::NamedTensors& state, const std::filesystem::path& file) override;

 private:
  /// The arguments of a step that are lists: parameters, gradients, both averages, steps.
  struct Lists {
    at::TensorList parameters, gradients, averages, square_averages, steps;
  };
  void fused(const Lists& lists, double learning_rate, const std::optional<at::Tensor>& skip) const;

  AdamOptions options_;
  NamedParameters parameters_;
  std::vector<at::Tensor> average_, square_average_;  // one per parameter, like it
  std::vector<at::Tensor> steps_;  // one per parameter, float32 [] as the fused kernels ask: exact up to 16,777,216
};

}  // namespace seq2seq::train
