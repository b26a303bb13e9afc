#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <torch/nn/module.h>

namespace seq2seq::nn {

/// Returns the number of parameters of each part of a recurrent model, each parameter counted once:
/// `encoder.lstm.weight_ih_l0` belongs to `encoder.lstm`, `output.weight` to `output`.
std::vector<std::pair<std::string, int64_t>> part_sizes(const torch::nn::Module& model);

/// As part_sizes(), for a Transformer, layer by layer: `encoder.layers.0.self_attn.in_proj_weight` belongs to
/// `encoder.layers.0`.
std::vector<std::pair<std::string, int64_t>> part_sizes_by_layer(const torch::nn::Module& model);

}  // namespace seq2seq::nn
