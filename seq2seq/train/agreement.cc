#include "seq2seq/train/agreement.h"

#include <cstddef>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/progress.h"

namespace seq2seq::train {
namespace {

/// Returns the sum of a tensor's numbers, read as integers of the same width. Works on any device, without a copy.
int64_t sum_of_bits(const at::Tensor& tensor) {
  const auto bytes = tensor.element_size();
  const auto integers = bytes == 8 ? at::kLong : bytes == 4 ? at::kInt : at::kShort;
  return tensor.detach().view(integers).sum(at::kLong).item<int64_t>();
}

std::string sums_of(const nn::Model& model) {
  std::string sums;
  for (const auto& parameter : model.parameters()) {
    const auto sum = sum_of_bits(parameter);
    sums.append(reinterpret_cast<const char*>(&sum), sizeof(sum));
  }
  return sums;
}

}  // namespace

void check_same_parameters(Team& team, const nn::Model& model, int64_t update) {
  if (team.ranks() == 1) return;
  const auto sums = team.gather(sums_of(model));
  std::vector<std::size_t> others;
  for (std::size_t rank = 1; rank < sums.size(); ++rank)
    if (sums[rank] != sums[0]) others.push_back(rank);
  if (others.empty()) return;
  const auto& other = sums[others.front()];
  std::size_t first = 0;
  while (other.compare(first * sizeof(int64_t), sizeof(int64_t), sums[0], first * sizeof(int64_t), sizeof(int64_t)) ==
         0)
    ++first;
  throw Error(
      fmt::format("after update {}, parameter `{}` differs from rank 0 on rank{} {}", format_count(update),
                  model.named_parameters().keys().at(first), others.size() == 1 ? "" : "s", fmt::join(others, ", ")),
      "Train with the same program and kind of processor on every rank");
}

}  // namespace seq2seq::train
