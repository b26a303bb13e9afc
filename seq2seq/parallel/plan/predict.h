#pragma once

#include <string>
#include <vector>

#include "seq2seq/parallel/plan/simulate.h"

namespace seq2seq::parallel {

/// A way to run an update, for a planner to compare.
struct Plan {
  std::string name;  // `paper, wavefront, chunk 5`
  Layout layout;
  Selection schedule{.kind = "layer_by_layer", .options = {}};
  int64_t chunk = 0;  // steps; 0: all
  Workers workers = Workers::streams;
  int team = 1;  // processors per job, if each place has its own thread
};

/// Settings of a prediction that do not depend on the plan.
struct PredictionInput {
  const Outline* outline = nullptr;
  const Hardware* hardware = nullptr;
  const ScheduleRegistry* schedules = nullptr;
  nn::Precision precision = nn::Precision::float32;
  double state_bytes = 0;  // of the optimizer, per parameter
  BatchSize batch;
};

struct Prediction {
  Timeline timeline;  // of the gradients
  double update = 0;  // s, including clipping and the optimizer
  double words_per_second = 0;
  double bubble = 0;                // share of the places' time spent waiting
  std::vector<double> operations;   // floating-point operations of an update, by place
  std::string limit;                // largest part of the update: `the products of place 3`, ...
  double limit_share = 0;           // of the gradients' time
  std::vector<double> stage_ready;  // s until the derivatives of each stage are complete
  Outline placed;
};

Prediction predict(const PredictionInput& input, const Plan& plan);

}  // namespace seq2seq::parallel
