#pragma once

#include <optional>
#include <string>
#include <vector>

#include "seq2seq/data/batch.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"
#include "seq2seq/run/training_data.h"

namespace seq2seq::run {

/// Bytes that training on the CPU needs for the largest batch of an epoch.
struct MemoryForecast {
  double parameters = 0, gradients = 0, optimizer = 0;
  std::optional<double> activations;  // kept by forward for backward; empty: not known for this kind of model
  double passing = 0;                 // maximum of gradients and activations at any time; they do not all exist at once
  double program = 0;                 // used by this process so far, for the program and the text
  data::BatchCounts largest;          // the batch that needs the most memory
  int64_t batches = 0;                // in the first epoch
  double total() const;
};

/// Predicts the memory that training this configuration needs in this process, before its model is built. No value for
/// training on a GPU or by several processes.
std::optional<MemoryForecast> forecast_memory(const RunOptions& options, const TrainingData& data,
                                              const Environment& environment);

/// Bytes of optimizer state per number, measured on a small parameter.
double optimizer_state_bytes(const train::TrainOptions& options, const Registries& registries);

/// Returns `1.2 GB more are available`.
std::string available_text(int64_t bytes);

/// Returns the forecast as a table with one item per line, and the available memory.
std::vector<std::string> forecast_lines(const MemoryForecast& forecast, std::optional<int64_t> available);

/// Returns a warning with advice if the forecast exceeds the available memory; otherwise an empty string.
std::string too_much_memory(const MemoryForecast& forecast, std::optional<int64_t> available);

}  // namespace seq2seq::run
