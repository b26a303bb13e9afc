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
  bool fits = true;  // whether each device's memory holds it
};

/// All of a model on one device, layer by layer.
Plan single_plan(const Hardware& hardware);

/// Layouts over at most `devices` devices: each layer on a device of its own or contiguous groups of layers, and the
/// output layer on the last of them, spread over them, or over the other devices.
std::vector<Plan> candidate_layouts(const Outline& outline, const Hardware& hardware, int64_t devices);

/// Every layout under every schedule, with chunks of 1, 2, 5, 10 and 25 steps and all, and 2, 4 and 8 micro-batches.
/// The fastest that fits first; `single` is among them, so the first is never slower than it. `done`: told of each.
std::vector<Ranked> search(const Question& question, int64_t devices, const BatchSize& longest,
                           const std::function<void(size_t done, size_t all)>& done = {});

/// Speed-up of a plan over `single`, by sentence length or batch size.
struct Gain {
  int64_t size = 0;
  double factor = 1;
};
std::vector<Gain> gains_by_length(const Question& question, const Plan& plan, const std::vector<int64_t>& lengths);
std::vector<Gain> gains_by_batch(const Question& question, const Plan& plan, const std::vector<int64_t>& batches);
std::vector<Gain> gains_by_chunk(const Question& question, const Plan& plan, const std::vector<int64_t>& chunks);

/// The smallest size from which on a plan stays faster than `single`; empty: none.
std::optional<int64_t> pays_from(const std::vector<Gain>& gains);

}  // namespace seq2seq::parallel
