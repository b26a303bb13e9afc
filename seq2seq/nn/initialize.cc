#include "seq2seq/nn/initialize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include "seq2seq/core/random.h"
#include "seq2seq/nn/parameter.h"
#include "seq2seq/nn/slice.h"

namespace seq2seq::nn {
namespace {

/// Computes four values at a time from four uniform numbers inside (0, 1). The parameter holds the rows of `name` from
/// `first_row` on.
template <class Values>
void fill(const at::Tensor& parameter, std::string_view name, int64_t first_row, uint64_t seed,
          const Values& values_of) {
  const c10::NoGradGuard no_gradient;
  const RandomStream stream(seed, Purpose::parameters);
  auto values = at::empty(parameter.sizes(), at::kFloat);
  auto* out = values.data_ptr<float>();
  const int64_t begin = first_row == 0 ? 0 : first_row * (values.numel() / values.size(0));
  const int64_t end = begin + values.numel();
  for (int64_t i = begin / 4 * 4; i < end; i += 4) {
    std::array<double, 4> shares{};
    const auto words = stream.draw(static_cast<uint64_t>(i / 4), hash_of_name(name));
    for (size_t j = 0; j < shares.size(); ++j) shares[j] = (words[j] + 0.5) / 4294967296.0;
    const auto four = values_of(shares);
    for (int64_t j = std::max(i, begin); j < std::min(i + 4, end); ++j)
      out[j - begin] = static_cast<float>(four[static_cast<size_t>(j - i)]);
  }
  parameter.copy_(values);
}

/// In [-range, range].
auto uniform_values(double range) {
  return [range](const std::array<double, 4>& shares) {
    std::array<double, 4> values{};
    for (size_t i = 0; i < values.size(); ++i) values[i] = (2 * shares[i] - 1) * range;
    return values;
  };
}

auto normal_values(double deviation) {
  return [deviation](const std::array<double, 4>& shares) {  // Box and Muller 1958
    const double first = deviation * std::sqrt(-2 * std::log(shares[0])), turn = 2 * std::numbers::pi * shares[1];
    const double second = deviation * std::sqrt(-2 * std::log(shares[2])), other = 2 * std::numbers::pi * shares[3];
    return std::array{first * std::cos(turn), first * std::sin(turn), second * std::cos(other),
                      second * std::sin(other)};
  };
}

/// Returns the role that initialization uses for each parameter: of several uses, the look-up as a table comes first.
std::map<std::string, Role> leading_roles(const std::vector<ParameterUse>& uses) {
  std::map<std::string, Role> roles;
  for (const auto& use : uses) {
    const auto [known, added] = roles.try_emplace(use.name, use.role);
    if (!added && use.role.kind == Role::Kind::embedding) known->second = use.role;
  }
  return roles;
}

}  // namespace

void initialize_uniform(torch::nn::Module& module, double range, uint64_t seed) {
  for (const auto& item : module.named_parameters()) {
    const auto slice = slice_of(item.key());
    fill(item.value(), slice.whole, slice.first, seed, uniform_values(range));
  }
}

void initialize_xavier(torch::nn::Module& module, uint64_t seed) {
  const c10::NoGradGuard no_gradient;
  const auto uses = parameter_uses(module);
  const auto roles = leading_roles(uses);
  std::map<std::string, int64_t> rows;  // rows of the whole parameter
  for (const auto& item : module.named_parameters()) rows[slice_of(item.key()).whole] += item.value().size(0);
  for (const auto& use : uses) {
    const auto& role = roles.at(use.name);
    const auto width = static_cast<double>(use.parameter.dim() == 2 ? use.parameter.size(1) : 1);
    if (role.kind == Role::Kind::bias) {
      use.parameter.zero_();
    } else if (role.kind == Role::Kind::embedding) {
      fill(use.parameter, use.name, use.first_row, seed, normal_values(1 / std::sqrt(width)));
    } else {
      const double outputs = static_cast<double>(rows.at(use.name)) / static_cast<double>(role.gates);
      fill(use.parameter, use.name, use.first_row, seed, uniform_values(std::sqrt(6 / (width + outputs))));
    }
  }
}

void set_fixed_initial_values(torch::nn::Module& module) {
  const c10::NoGradGuard no_gradient;
  for (const auto& use : parameter_uses(module))
    if (use.role.start) use.parameter.fill_(*use.role.start);
}

void initialize_embeddings(torch::nn::Module& module, double deviation, uint64_t seed) {
  for (const auto& use : parameter_uses(module)) {
    if (use.role.kind == Role::Kind::embedding)
      fill(use.parameter, use.name, use.first_row, seed, normal_values(deviation));
  }
}

void set_forget_bias(torch::nn::Module& module, double bias) {
  const c10::NoGradGuard no_gradient;
  for (const auto& use : parameter_uses(module)) {
    const auto& role = use.role;
    if (role.kind != Role::Kind::bias || role.forget_gate < 0) continue;
    const int64_t cells = use.parameter.size(0) / role.gates;
    use.parameter.narrow(0, role.forget_gate * cells, cells).fill_(role.second_bias ? 0 : bias);
  }
}

}  // namespace seq2seq::nn
