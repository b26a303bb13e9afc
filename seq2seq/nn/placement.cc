#include "seq2seq/nn/placement.h"

namespace seq2seq::nn {

namespace {

std::string layer_name(const std::string& stack, int64_t layer) { return stack + "." + std::to_string(layer); }

}  // namespace

c10::Device Placement::of(const std::string& part) const {
  const auto named = parts.find(part);
  return named == parts.end() ? device : named->second;
}

c10::Device Placement::of_layer(const std::string& stack, int64_t layer) const { return of(layer_name(stack, layer)); }

int64_t Placement::named_layers(const std::string& stack) const {
  int64_t layers = 0;
  while (parts.contains(layer_name(stack, layers))) ++layers;
  return layers;
}

}  // namespace seq2seq::nn
