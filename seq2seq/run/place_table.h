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

/// Returns the places that a placement uses, in order, for a model of these parameters. Does not allocate the model.
std::vector<PlaceRow> place_table(const nn::Model& model, const nn::Placement& placement);

/// One line per place: place, device, parts, parameters and their size at `bytes` each.
std::vector<std::string> place_lines(const std::vector<PlaceRow>& table, double bytes);

/// `1.2 GB` or `345.6 MB`.
std::string bytes_text(double bytes);

}  // namespace seq2seq::run
