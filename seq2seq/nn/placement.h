#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <c10/core/Device.h>

namespace seq2seq::nn {

/// A device for every place of a model: data, not code. Several places may name the same device; what is not named lies
/// on `device`.
struct Placement {
  c10::Device device{c10::kCPU};
  std::vector<c10::Device> encoder_layers, decoder_layers;  // empty, or one a layer
  std::optional<c10::Device> embeddings, output;

  c10::Device of_encoder_layer(int64_t layer) const { return of(encoder_layers, layer); }
  c10::Device of_decoder_layer(int64_t layer) const { return of(decoder_layers, layer); }
  c10::Device of_embeddings() const { return embeddings.value_or(device); }
  c10::Device of_output() const { return output.value_or(device); }

 private:
  c10::Device of(const std::vector<c10::Device>& layers, int64_t layer) const {
    return layers.empty() ? device : layers.at(static_cast<size_t>(layer));
  }
};

}  // namespace seq2seq::nn
