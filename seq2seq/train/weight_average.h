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
  std::optional<double> decay;  // empty: no average
};
void declare(config::Keys& keys, AverageOptions& options);

/// The exponential moving average of the parameters during training (Polyak and Juditsky 1992 average all updates;
/// Marian's `exponential-smoothing`). Validation and decoding use it; training continues with the parameters. A
/// checkpoint stores the average as weights, and the parameters as `<parameter>.trained` with the optimizer's state.
class WeightAverage {
 public:
  /// Starts with the present parameters.
  WeightAverage(double decay, NamedParameters parameters);

  /// Updates average = d average + (1 - d) parameter after an update. d is `decay`, but at most (t + 1) / (t + 10)
  /// after t `updates`, so that the average quickly forgets the initial weights.
  void add(int64_t updates);
  /// As above, but changes nothing if `skip` [], float32, is 1. The host does not wait for its value.
  void add(int64_t updates, const at::Tensor& skip);
  /// Exchanges the values of parameters and averages. A second call restores them.
  void exchange();

  /// Returns the weights of the model, averages instead of parameters if there are any: the tensors themselves, not
  /// copies.
  nn::NamedTensors weights(const torch::nn::Module& model) const;
  /// Adds the parameters to the optimizer's state.
  void store(nn::NamedTensors& optimizer) const;
  /// After the weights of a checkpoint were read into the model: takes them as the averages, and sets the parameters
  /// from `optimizer`, from which it removes them. Throws FormatError naming `file`.
  void restore(nn::NamedTensors& optimizer, const std::filesystem::path& file);

 private:
  double share_of(int64_t updates) const;  // weight of the parameter in the average

  double decay_;
  NamedParameters parameters_;
  std::vector<at::Tensor> averages_;  // one per parameter
};

/// Puts the averages into the model for as long as it exists. Does nothing without an average.
class Averaged {
 public:
  explicit Averaged(WeightAverage* average) : average_(average) { exchange(); }
  ~Averaged() { exchange(); }
  Averaged(const Averaged&) = delete;
  Averaged& operator=(const Averaged&) = delete;

 private:
  void exchange() {
    if (average_ != nullptr) average_->exchange();
  }

  WeightAverage* average_;
};

}  // namespace seq2seq::train
