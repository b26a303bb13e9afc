#include "seq2seq/nn/initialize.h"

#include <string_view>

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include "seq2seq/core/random.h"

namespace seq2seq::nn {
namespace {

/// FNV-1a: a number of 32 bits for a name, the same everywhere.
uint32_t number(std::string_view name) {
  uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace

void initialize_uniform(torch::nn::Module& module, double range, uint64_t seed) {
  const c10::NoGradGuard no_gradient;
  const RandomStream stream(seed, Purpose::parameters);
  for (const auto& item : module.named_parameters()) {
    const uint32_t name = number(item.key());
    auto values = at::empty(item.value().sizes(), at::kFloat);
    auto* out = values.data_ptr<float>();
    for (int64_t i = 0; i < values.numel(); i += 4) {
      const auto words = stream.draw(static_cast<uint64_t>(i / 4), name);
      for (int64_t j = i; j < std::min(i + 4, values.numel()); ++j) {
        const double share = (words[static_cast<size_t>(j - i)] + 0.5) / 4294967296.0;  // inside (0, 1)
        out[j] = static_cast<float>((2 * share - 1) * range);
      }
    }
    item.value().copy_(values);
  }
}

void set_forget_bias(torch::nn::Module& module, double bias) {
  const c10::NoGradGuard no_gradient;
  for (const auto& item : module.named_parameters()) {
    const std::string_view name = item.key();
    const bool input = name.find(".bias_ih_l") != std::string_view::npos;
    if (!input && name.find(".bias_hh_l") == std::string_view::npos) continue;
    const int64_t cells = item.value().size(0) / 4;  // gates i f g o
    item.value().narrow(0, cells, cells).fill_(input ? bias : 0);
  }
}

}  // namespace seq2seq::nn
