#include "seq2seq/parallel/plan/memory.h"

#include <algorithm>

namespace seq2seq::parallel {

std::vector<PlaceMemory> memory_of(const Outline& placed, const Layout& layout, const BatchSize& longest,
                                   double state_bytes, nn::Precision precision) {
  std::vector<PlaceMemory> places(layout.devices.size());
  for (const auto& each : placed.stages) {
    auto& memory = places.at(static_cast<size_t>(each.stage.place));
    const auto steps = each.stage.side == nn::Side::source ? longest.source : longest.target;
    memory.parameters += each.numbers * sizeof(float);
    memory.gradients += each.numbers * sizeof(float);
    memory.state += each.numbers * state_bytes;
    memory.activations += static_cast<double>(longest.sentences * steps * each.stage.kept) * bytes_of(precision);
  }
  return places;
}

std::vector<PlaceMemory> by_device(const std::vector<PlaceMemory>& places, const Layout& layout) {
  std::vector<PlaceMemory> devices(static_cast<size_t>(*std::ranges::max_element(layout.devices)) + 1);
  for (size_t place = 0; place < places.size(); ++place) {
    auto& sum = devices[static_cast<size_t>(layout.devices[place])];
    sum.parameters += places[place].parameters;
    sum.gradients += places[place].gradients;
    sum.state += places[place].state;
    sum.activations += places[place].activations;
  }
  return devices;
}

}  // namespace seq2seq::parallel
