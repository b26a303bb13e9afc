#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/parallel/plan/predict.h"
#include "seq2seq/run/environment.h"

namespace seq2seq::run {

/// Options of `seq2seq plan`.
struct PlanRequest {
  std::filesystem::path config;
  std::vector<config::Override> overrides;
  std::optional<std::filesystem::path> hardware;  // no value: eight H200
  std::optional<int64_t> devices;                 // number of devices, instead of the hardware's
  std::optional<int64_t> length;                  // steps of a sentence; no value: the text's mean if it is read, or 25
  nn::Precision precision = nn::Precision::float32;
  bool search = false;
  int64_t servers = 1;  // largest number of machines to compare
  std::optional<std::filesystem::path> svg, trace;
  std::optional<std::filesystem::path> measured;  // a measured timeline to draw below the predicted one
  std::optional<std::filesystem::path> measure_costs;
};

/// Predicts an update of a configuration on any described machine, and returns a report: parameters, bytes and
/// operations by place, devices without enough memory, the timeline, the bubble, words per second and what limits them.
/// Writes the requested files. Does not allocate the model, and reads the text only if the configuration does not set
/// the sizes of all vocabularies. Throws UsageError and Error.
std::string plan(const PlanRequest& request, const Environment& environment);

}  // namespace seq2seq::run
