#include "seq2seq/nn/placement.h"

#include <algorithm>

namespace seq2seq::nn {

std::string layer_part(const std::string& stack, int64_t layer) { return stack + "." + std::to_string(layer); }

c10::Device Placement::of(const std::string& part) const {
  const auto named = parts.find(part);
  return named == parts.end() ? device : named->second.device;
}

c10::Device Placement::of_layer(const std::string& stack, int64_t layer) const { return of(layer_part(stack, layer)); }

int Placement::place_of(const std::string& part) const {
  const auto named = parts.find(part);
  return named == parts.end() ? 0 : named->second.place;
}

int Placement::place_of_layer(const std::string& stack, int64_t layer) const {
  return place_of(layer_part(stack, layer));
}

int Placement::places() const {
  int last = 0;
  for (const auto& [name, part] : parts) last = std::max(last, part.place);
  for (const auto& shard : output) last = std::max(last, shard.place);
  return last + 1;
}

int64_t Placement::named_layers(const std::string& stack) const {
  int64_t layers = 0;
  while (parts.contains(layer_part(stack, layers))) ++layers;
  return layers;
}

}  // namespace seq2seq::nn
