#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/placement.h"

namespace seq2seq::run {

/// What lies in one place.
struct PlaceRow {
  int place = 0;
  c10::Device device{c10::kCPU};
  std::vector<std::string> parts;  // `embeddings`, `encoder.0`, ..., `output [0, 20001)`
  int64_t parameters = 0;
};

/// The places that a placement uses, in their order, for a model of these parameters. They are read by name; the model
/// needs no memory.
std::vector<PlaceRow> place_table(const nn::Model& model, const nn::Placement& placement);

/// A line each: place, device, parts, parameters and what they take at `bytes` each.
std::vector<std::string> place_lines(const std::vector<PlaceRow>& table, double bytes);

/// `1.2 GB` or `345.6 MB`.
std::string bytes_text(double bytes);

}  // namespace seq2seq::run
