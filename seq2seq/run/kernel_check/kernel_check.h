#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/data/batch.h"
#include "seq2seq/nn/check/results.h"
#include "seq2seq/nn/check/watch.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/precision.h"

namespace seq2seq::run {

/// The largest difference between our kernels and LibTorch's operators in double, in one part of a model.
struct KernelDifference {
  std::string part;             // `encoder layer 1`, `output layer`
  std::string what;             // `outputs`, `gradients`, `gradients of parameters`
  double difference = 0;        // of two numbers
  double relative = -1;         // the difference over the largest number of its tensor; infinite for a NaN
  double of_libtorch = 0;       // `relative` for LibTorch's operators in the checked precision
  std::string where;            // `rows, step 12, sentence 3, number 200`, counted from 1
  std::optional<int64_t> step;  // of the batch, counted from 1; no value if the tensor has no steps
};

/// A part of a model that is not compared, and the reason.
struct NotCompared {
  std::string part, why;
};

struct KernelComparison {
  std::vector<KernelDifference> differences;  // part by part
  std::vector<NotCompared> not_compared;
};

/// The relative difference above which a kernel counts as wrong; docs/testing.md has the usual values.
double kernel_bound(nn::Precision precision);

/// Compares the kernels of a model's LSTM layers and of its output layer with LibTorch's operators in double, on the
/// rows, states and gradients of passes over batches. Without dropout.
class KernelCheck {
 public:
  /// The model must be on the CPU, compute in `precision`, and outlive the check. `watches`: of its layers, see
  /// watched().
  KernelCheck(nn::Model& model, const nn::LayerWatches& watches, nn::Precision precision);
  /// `row_scale` [N]: the derivative of the objective with respect to each loss. Discards the gradients in the model's
  /// parameters.
  void add(const data::Batch& batch, const at::Tensor& row_scale, double label_smoothing);
  /// Returns the largest differences in all batches so far.
  const KernelComparison& comparison() const { return comparison_; }

 private:
  struct Named {
    std::string name;
    std::shared_ptr<nn::LayerWatch> watch;
  };
  void check_layer(const Named& layer);
  void check_output(const nn::OutputCall& call);
  void note(KernelDifference found);

  nn::Model& model_;
  at::ScalarType type_;  // of LibTorch's operators, besides double
  std::vector<Named> layers_;
  KernelComparison comparison_;
};

}  // namespace seq2seq::run
