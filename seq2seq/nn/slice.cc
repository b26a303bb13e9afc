#include "seq2seq/nn/slice.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <ATen/ops/cat.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"

namespace seq2seq::nn {
namespace {

/// Returns true if the text from `begin` up to `end` is a number.
bool read_number(const char* begin, const char* end, int64_t& number) {
  const auto [stop, fault] = std::from_chars(begin, end, number);
  return fault == std::errc() && stop == end && number >= 0;
}

void check_rows(const SlicedParameter& whole) {
  int64_t covered = 0;
  for (const auto& part : whole.parts) {
    if (part.first != covered)
      throw Error(fmt::format(
          "slices of `{}` leave a gap or overlap: the next one should begin at row {}, but begins at row {}",
          whole.name, covered, part.first));
    covered += part.tensor.size(0);
  }
}

}  // namespace

Slice slice_of(const std::string& name) {
  const auto open = name.rfind('['), colon = name.rfind(':');
  if (!name.ends_with(']') || open == std::string::npos || colon == std::string::npos || colon < open) return {name};
  Slice slice{.whole = name.substr(0, open)};
  const char* text = name.data();
  const bool range = read_number(text + open + 1, text + colon, slice.first) &&
                     read_number(text + colon + 1, text + name.size() - 1, slice.last);
  return range && slice.first < slice.last ? slice : Slice{name};
}

std::string name_of(const Slice& slice) {
  return slice.last == 0 ? slice.whole : fmt::format("{}[{}:{}]", slice.whole, slice.first, slice.last);
}

std::vector<int64_t> SlicedParameter::shape() const {
  auto shape = parts.front().tensor.sizes().vec();
  if (parts.size() > 1) shape[0] = parts.back().first + parts.back().tensor.size(0);
  return shape;
}

int64_t SlicedParameter::numel() const {
  int64_t numbers = 0;
  for (const auto& part : parts) numbers += part.tensor.numel();
  return numbers;
}

at::Tensor SlicedParameter::on_cpu() const {
  std::vector<at::Tensor> rows;
  for (const auto& part : parts) rows.push_back(part.tensor.detach().to(at::kCPU));
  return rows.size() == 1 ? rows.front() : at::cat(rows);
}

void SlicedParameter::set(const at::Tensor& values) const {
  const at::NoGradGuard no_gradient;
  for (const auto& part : parts) {
    auto tensor = part.tensor;
    tensor.copy_(parts.size() == 1 ? values : values.narrow(0, part.first, tensor.size(0)));
  }
}

std::vector<SlicedParameter> group_slices(const NamedSlices& tensors) {
  std::vector<SlicedParameter> parameters;
  std::map<std::string, size_t> known;
  for (const auto& [name, tensor] : tensors) {
    const auto slice = slice_of(name);
    const auto [place, added] = known.emplace(slice.whole, parameters.size());
    if (added) parameters.push_back({.name = slice.whole, .parts = {}});
    parameters[place->second].parts.push_back({.first = slice.first, .tensor = tensor});
  }
  for (auto& whole : parameters) {
    std::ranges::sort(whole.parts, {}, &SlicedParameter::Part::first);
    if (whole.parts.front().first > 0 || whole.parts.size() > 1) check_rows(whole);
  }
  return parameters;
}

}  // namespace seq2seq::nn
