#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "seq2seq/parallel/plan/predict.h"

namespace seq2seq::parallel {

/// A plan and its prediction.
struct Ranked {
  Plan plan;
  double update = 0;  // s
  double words_per_second = 0;
  bool fits = true;  // true if it fits the memory of each device
};

/// Returns the plan with the whole model on one device, layer by layer.
Plan single_plan(const Hardware& hardware);

/// Returns layouts over at most `devices` devices: each layer on its own device, or contiguous groups of layers; the
/// output layer on the last of these devices, spread over them, or spread over the other devices.
std::vector<Plan> candidate_layouts(const Outline& outline, const Hardware& hardware, int64_t devices);

/// Predicts every layout with every schedule, with chunks of 1, 2, 5, 10, 25 and all steps, and 2, 4 and 8
/// micro-batches. Returns them fastest first, those that fit into memory before others; `single` is included, so the
/// first is never slower. `done`: called after each.
std::vector<Ranked> search(const PredictionInput& input, int64_t devices, const BatchSize& longest,
                           const std::function<void(size_t done, size_t all)>& done = {});

/// Speed-up of a plan over `single`, by sentence length or batch size.
struct Speedup {
  int64_t size = 0;
  double factor = 1;
};
std::vector<Speedup> speedups_by_length(const PredictionInput& input, const Plan& plan,
                                        const std::vector<int64_t>& lengths);
std::vector<Speedup> speedups_by_batch(const PredictionInput& input, const Plan& plan,
                                       const std::vector<int64_t>& batches);
std::vector<Speedup> speedups_by_chunk(const PredictionInput& input, const Plan& plan,
                                       const std::vector<int64_t>& chunks);

/// Returns the smallest size from which a plan stays faster than `single`; no value: none.
std::optional<int64_t> break_even_size(const std::vector<Speedup>& speedups);

}  // namespace seq2seq::parallel
