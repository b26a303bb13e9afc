#include "seq2seq/train/freeze.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "seq2seq/config/nearest.h"
#include "seq2seq/core/error.h"

namespace seq2seq::train {
namespace {

/// `encoder` for `encoder.embedding.weight`, not for `encoder_norm.weight`.
bool names(const std::string& part, const std::string& parameter) {
  return parameter == part || (parameter.starts_with(part) && parameter[part.size()] == '.');
}

void check_known(const std::string& part, const NamedParameters& parameters) {
  std::set<std::string> known;
  for (const auto& [name, parameter] : parameters) {
    if (names(part, name)) return;
    for (size_t end = name.find('.'); end != std::string::npos; end = name.find('.', end + 1))
      known.insert(name.substr(0, end));
    known.insert(name);
  }
  const auto nearest = config::nearest(part, {known.begin(), known.end()});
  throw Error(fmt::format("`train.freeze` names `{}`, and the model has no such part{}", part,
                          nearest.empty() ? "" : fmt::format("; the nearest is `{}`", nearest)));
}

}  // namespace

NamedParameters trainable_parameters(nn::Model& model, const std::vector<std::string>& freeze) {
  NamedParameters all;
  for (auto& parameter : model.named_parameters()) all.emplace_back(parameter.key(), parameter.value());
  for (const auto& part : freeze) check_known(part, all);
  for (auto& [name, parameter] : all) parameter.set_requires_grad(true);
  for (auto& [name, parameter] : all) {
    const auto& parameter_name = name;
    if (std::any_of(freeze.begin(), freeze.end(), [&](const auto& part) { return names(part, parameter_name); }))
      parameter.set_requires_grad(false);
  }
  NamedParameters trainable;
  for (const auto& [name, parameter] : all) {
    const auto& tensor = parameter;
    const bool seen = std::any_of(trainable.begin(), trainable.end(),
                                  [&](const auto& other) { return other.second.is_same(tensor); });
    if (parameter.requires_grad() && !seen) trainable.emplace_back(name, parameter);
  }
  if (trainable.empty()) throw Error("`train.freeze` leaves nothing to train");
  return trainable;
}

}  // namespace seq2seq::train
