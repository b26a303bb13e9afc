#include "seq2seq/nn/model/part_sizes.h"

#include <functional>

namespace seq2seq::nn {
namespace {

using PartOf = std::function<std::string(const std::string&)>;

std::string before_last_point(const std::string& name) { return name.substr(0, name.rfind('.')); }

std::string layer_of(const std::string& name) {
  const auto layers = name.find(".layers.");
  return layers == std::string::npos ? before_last_point(name) : name.substr(0, name.find('.', layers + 8));
}

std::vector<std::pair<std::string, int64_t>> sizes_of(const torch::nn::Module& model, const PartOf& part_of) {
  std::vector<std::pair<std::string, int64_t>> sizes;
  for (const auto& item : model.named_parameters()) {
    const auto part = part_of(item.key());
    if (sizes.empty() || sizes.back().first != part) sizes.emplace_back(part, 0);
    sizes.back().second += item.value().numel();
  }
  return sizes;
}

}  // namespace

std::vector<std::pair<std::string, int64_t>> part_sizes(const torch::nn::Module& model) {
  return sizes_of(model, before_last_point);
}

std::vector<std::pair<std::string, int64_t>> part_sizes_by_layer(const torch::nn::Module& model) {
  return sizes_of(model, layer_of);
}

}  // namespace seq2seq::nn
