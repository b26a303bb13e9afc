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
  bool decoupled = false;  // AdamW; not a key, but the difference between two registry entries
};
void declare(config::Keys& keys, AdamOptions& options);

/// Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1); `decoupled`, AdamW (Loshchilov and Hutter 2019, arXiv
/// 1711.05101): weight decay shrinks the parameter by rate * weight_decay instead of being added to the gradient. As
/// torch.optim.Adam and AdamW. `lazy`: for a sparse gradient, a step changes averages and parameters of the used rows
/// only, as in torch.optim.SparseAdam.
class Adam final : public Optimizer {
 public:
  using Options = AdamOptions;
  /// Throws UsageError if it is lazy and a parameter is on a GPU, where gradients are dense.
  Adam(const Options& options, NamedParameters parameters);
  using Optimizer::step;
  void step(double learning_rate, const at::Tensor& skip) override;
  void step(const EditedStep& edited) override;
  bool takes_sparse() const override { return true; }
  double learning_rate() const override { return options_.learning_rate; }
  nn::NamedTensors state() const override;  // `<parameter>.exp_avg`, `<parameter>.exp_avg_sq`, `<parameter>.step`
  void restore(const nn::NamedTensors& state, const std::filesystem::path& file) override;

 private:
  /// List arguments of a step: parameters, gradients, both averages, steps.
  struct Lists {
    at::TensorList parameters, gradients, averages, square_averages, steps;
  };
  void fused(const Lists& lists, double learning_rate, const std::optional<at::Tensor>& skip) const;

  AdamOptions options_;
  NamedParameters parameters_;
  std::vector<at::Tensor> average_, square_average_;  // one per parameter, of the same shape
  std::vector<at::Tensor> steps_;  // one per parameter, float32 [] for the fused kernels: exact up to 16,777,216
};

}  // namespace seq2seq::train
