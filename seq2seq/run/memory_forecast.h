#pragma once

#include <optional>
#include <string>
#include <vector>

#include "seq2seq/data/batch.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"
#include "seq2seq/run/training_data.h"

namespace seq2seq::run {

/// Bytes that training on the CPU takes at the largest batch of an epoch.
struct MemoryForecast {
  double parameters = 0, gradients = 0, optimizer = 0;
  std::optional<double> activations;  // kept by forward for backward; empty: not known for this kind of model
  double passing = 0;                 // gradients and activations at once, at most: some come as others go
  double program = 0;                 // of this process so far: the program and the text
  data::BatchCounts largest;          // the batch that takes the most
  int64_t batches = 0;                // of the first epoch
  double total() const;
};

/// Predicts the memory of a training of this configuration in this process, before its model is built. Empty for a
/// training on a GPU or by several processes.
std::optional<MemoryForecast> forecast_memory(const RunOptions& options, const TrainingData& data,
                                              const Environment& environment);

/// Bytes of optimizer state per number, measured on a small parameter.
double optimizer_state_bytes(const train::TrainOptions& options, const Registries& registries);

/// `1.2 GB more are available`.
std::string available_text(int64_t bytes);

/// Returns the forecast as a table with one item per line, and the available memory.
std::vector<std::string> forecast_lines(const MemoryForecast& forecast, std::optional<int64_t> available);

/// Returns a warning with advice if the forecast exceeds the available memory; otherwise an empty string.
std::string too_much_memory(const MemoryForecast& forecast, std::optional<int64_t> available);

}  // namespace seq2seq::run
