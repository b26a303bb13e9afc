#pragma once

#include <vector>

#include "seq2seq/parallel/plan/costs.h"
#include "seq2seq/parallel/plan/outline.h"

namespace seq2seq::parallel {

/// Bytes of a place.
struct PlaceMemory {
  double parameters = 0, gradients = 0, state = 0, activations = 0;
  double total() const { return parameters + gradients + state + activations; }
};

/// Returns the memory of each place during an update: a shared parameter counts once, and everything that forward keeps
/// for backward counts until the end. `state_bytes`: of the optimizer, per parameter.
std::vector<PlaceMemory> memory_of(const Outline& placed, const Layout& layout, const BatchSize& longest,
                                   double state_bytes, nn::Precision precision);

/// Returns the sums over the places of each device.
std::vector<PlaceMemory> by_device(const std::vector<PlaceMemory>& places, const Layout& layout);

}  // namespace seq2seq::parallel
