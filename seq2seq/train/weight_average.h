#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/train/optimizer.h"

namespace seq2seq::train {

struct AverageOptions {
  std::optional<double> decay;  // empty: no average is kept
};
void declare(config::Keys& keys, AverageOptions& options);

/// The exponential moving average of the parameters in the course of training (Polyak and Juditsky 1992 average all of
/// it; Marian's `exponential-smoothing`). Validation and decoding use it, training continues with the parameters. In a
/// checkpoint the weights are the average, and the parameters are `<parameter>.trained` beside the optimizer's state.
class WeightAverage {
 public:
  /// Starts with the parameters as they are.
  WeightAverage(double decay, NamedParameters parameters);

  /// average = d average + (1 - d) parameter, after an update. d is `decay`, but at most (t + 1) / (t + 10) after t
  /// `updates`, so that the average soon forgets the initial weights.
  void add(int64_t updates);
  /// The same, but nothing changes where `skip` [] float32 holds 1: the host does not wait to learn whether it does.
  void add(int64_t updates, const at::Tensor& skip);
  /// Exchanges the values of parameters and averages. A second call restores them.
  void exchange();

  /// The weights of the model with averages where there are any: the tensors themselves.
  nn::NamedTensors weights(const torch::nn::Module& model) const;
  /// Adds the parameters to the optimizer's state.
  void store(nn::NamedTensors& optimizer) const;
  /// After the weights of a checkpoint were read into the model: takes these for averages, and for the parameters what
  /// `optimizer` holds of them, which it removes there. Throws FormatError naming `file`.
  void restore(nn::NamedTensors& optimizer, const std::filesystem::path& file);

 private:
  double share_of(int64_t updates) const;  // of the parameter, in the average

  double decay_;
  NamedParameters parameters_;
  std::vector<at::Tensor> averages_;  // one per parameter
};

}  // namespace seq2seq::train
