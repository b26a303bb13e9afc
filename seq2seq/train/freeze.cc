#include "seq2seq/train/freeze.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "seq2seq/config/nearest.h"
#include "seq2seq/core/error.h"
#include "seq2seq/nn/slice.h"

namespace seq2seq::train {
namespace {

/// True for `encoder` and `encoder.embedding.weight`, but not for `encoder` and `encoder_norm.weight`.
bool names(const std::string& part, const std::string& parameter) {
  return parameter == part || (parameter.starts_with(part) && parameter[part.size()] == '.');
}

bool frozen(const std::string& parameter, const std::vector<std::string>& freeze) {
  return std::any_of(freeze.begin(), freeze.end(), [&](const auto& part) { return names(part, parameter); });
}

/// Returns all names that `freeze` may contain: `encoder`, `encoder.embedding`, `encoder.embedding.weight`, ...
std::set<std::string> parts_of(const std::vector<std::string>& parameters) {
  std::set<std::string> parts;
  for (const auto& name : parameters) {
    for (size_t end = name.find('.'); end != std::string::npos; end = name.find('.', end + 1))
      parts.insert(name.substr(0, end));
    parts.insert(name);
  }
  return parts;
}

}  // namespace

std::string wrong_freeze(const nn::Model& model, const std::vector<std::string>& freeze) {
  std::vector<std::string> parameters;
  for (const auto& parameter : model.named_parameters()) parameters.push_back(nn::slice_of(parameter.key()).whole);
  const auto parts = parts_of(parameters);
  for (const auto& name : freeze) {
    if (parts.contains(name)) continue;
    const auto nearest = config::nearest(name, {parts.begin(), parts.end()});
    return fmt::format("has `{}`, which is not a part of the model{}", name,
                       nearest.empty() ? "" : fmt::format("; the nearest is `{}`", nearest));
  }
  const bool nothing_left = std::all_of(parameters.begin(), parameters.end(),
                                        [&](const auto& parameter) { return frozen(parameter, freeze); });
  return nothing_left ? "leaves nothing to train" : "";
}

NamedParameters trainable_parameters(nn::Model& model, const std::vector<std::string>& freeze) {
  const auto wrong = wrong_freeze(model, freeze);
  if (!wrong.empty()) throw Error("`train.freeze` " + wrong);
  auto parameters = model.named_parameters();
  for (auto& parameter : parameters) parameter.value().set_requires_grad(true);
  for (auto& parameter : parameters)
    if (frozen(nn::slice_of(parameter.key()).whole, freeze)) parameter.value().set_requires_grad(false);
  NamedParameters trainable;
  for (const auto& parameter : parameters) {
    const auto& tensor = parameter.value();
    const bool seen = std::any_of(trainable.begin(), trainable.end(),
                                  [&](const auto& other) { return other.second.is_same(tensor); });
    if (tensor.requires_grad() && !seen) trainable.emplace_back(parameter.key(), tensor);
  }
  return trainable;
}

}  // namespace seq2seq::train
