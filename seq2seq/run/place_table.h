#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/placement.h"

namespace seq2seq::run {

/// Contents of one place.
struct PlaceRow {
  int place = 0;
  c10::Device device{c10::kCPU};
  std::vector<std::string> parts;  // `embeddings`, `encoder.0`, ..., `output [0, 20001)`
  int64_t parameters = 0;
};

/// Returns the places that a placement uses, in order, for a model with these parameters. Does not allocate the model.
std::vector<PlaceRow> place_table(const nn::Model& model, const nn::Placement& placement);

/// Returns one line per place: place, device, parts, parameters, and their size with `bytes` bytes for each.
std::vector<std::string> place_lines(const std::vector<PlaceRow>& table, double bytes);

/// Returns `1.2 GB` or `345.6 MB`.
std::string bytes_text(double bytes);

}  // namespace seq2seq::run
