#include "seq2seq/train/gradient_norm.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/nn/used_rows.h"

namespace seq2seq::train {
namespace {

constexpr int64_t kSums = 4;

bool in_plain_memory(const at::Tensor& gradient) {
  const auto tensor = nn::stored_numbers(gradient);
  return tensor.is_cpu() && tensor.scalar_type() == at::kFloat && tensor.is_contiguous();
}

/// Sums of squares that take values in turn, in LibTorch's order. LibTorch's own norm of float32 in double first copies
/// everything to double, which makes an update of one pair with 1.3 million parameters a tenth slower.
class Squares {
 public:
  /// Adds `count` values, a multiple of kSums. Returns true if any of them is nonzero. It reads every gradient of an
  /// update, so it is vectorized at any level of optimization.
  [[gnu::optimize("O3")]] bool add(const float* values, int64_t count) {
    std::array<double, kSums> sums = sums_;
    std::array<uint32_t, kSums> bits{};
    for (int64_t at = 0; at < count; at += kSums) {
      for (int64_t sum = 0; sum < kSums; ++sum) {
        const float value = values[at + sum];
        sums[static_cast<size_t>(sum)] += double{value} * double{value};
        bits[static_cast<size_t>(sum)] |= std::bit_cast<uint32_t>(value);
      }
    }
    sums_ = sums;
    return ((bits[0] | bits[1] | bits[2] | bits[3]) & 0x7FFFFFFFU) != 0;  // ignores the sign of a zero
  }
  /// Adds one value to the sum that is next at `place`.
  void add_at(int64_t place, float value) {
    sums_[static_cast<size_t>(place % kSums)] += double{value} * double{value};
  }
  double norm(const float* rest, int64_t count) const {
    double total = std::accumulate(sums_.begin(), sums_.end(), 0.0);
    for (int64_t at = 0; at < count; ++at) total += double{rest[at]} * double{rest[at]};
    return std::sqrt(total);
  }

 private:
  std::array<double, kSums> sums_{};
};

struct ReadGradient {
  double norm = 0;
  at::Tensor used_rows;
};

/// Each value is added at its place in the dense gradient, so the sums are the same.
ReadGradient read_sparse(const at::Tensor& gradient) {
  const auto used = nn::used_rows_of(gradient);
  const auto* rows = used.rows.const_data_ptr<int64_t>();
  const auto* values = used.values.const_data_ptr<float>();
  const int64_t width = used.values.size(1), whole = gradient.numel() / kSums * kSums;
  Squares squares;
  if (width % kSums == 0) {
    squares.add(values, used.values.numel());
    return {.norm = squares.norm(values, 0), .used_rows = used.rows};
  }
  std::vector<float> rest;
  for (int64_t row = 0; row < used.rows.size(0); ++row) {
    for (int64_t column = 0; column < width; ++column) {
      const int64_t place = rows[row] * width + column;
      const float value = values[row * width + column];
      place < whole ? squares.add_at(place, value) : rest.push_back(value);
    }
  }
  return {.norm = squares.norm(rest.data(), std::ssize(rest)), .used_rows = used.rows};
}

ReadGradient read_plain(const at::Tensor& gradient) {
  if (gradient.is_sparse()) return read_sparse(gradient);
  const auto* values = gradient.const_data_ptr<float>();
  const int64_t numel = gradient.numel();
  Squares squares;
  const int64_t width = gradient.dim() == 2 ? gradient.size(1) : 0;
  if (width == 0 || width % kSums != 0) {
    const int64_t whole = numel / kSums * kSums;
    squares.add(values, whole);
    return {.norm = squares.norm(values + whole, numel - whole), .used_rows = {}};
  }
  std::vector<int64_t> used;
  for (int64_t row = 0; row < gradient.size(0); ++row)
    if (squares.add(values + row * width, width)) used.push_back(row);
  ReadGradient read{.norm = squares.norm(values, 0), .used_rows = {}};
  if (std::ssize(used) <= gradient.size(0) / 2) read.used_rows = at::tensor(used, at::kLong);
  return read;
}

/// Each gradient is read by a single thread, so that its sum has a fixed order; the largest ones first.
std::vector<ReadGradient> read_all(const std::vector<at::Tensor>& gradients) {
  std::vector<size_t> order(gradients.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](size_t each) { return nn::stored_numbers(gradients[each]).numel(); });
  std::vector<ReadGradient> read(gradients.size());
  std::atomic<size_t> next = 0;
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t, int64_t) {
    for (size_t number = next++; number < order.size(); number = next++)
      read[order[number]] = read_plain(gradients[order[number]]);
  });
  return read;
}

}  // namespace

ReadGradients read_gradients(const std::vector<at::Tensor>& gradients) {
  std::vector<at::Tensor> defined;
  for (const auto& gradient : gradients)
    if (gradient.defined()) defined.push_back(gradient);
  ReadGradients found{.norm = at::zeros({}, at::kDouble), .used_rows = std::vector<at::Tensor>(gradients.size())};
  if (defined.empty()) return found;
  if (!std::ranges::all_of(defined, in_plain_memory)) {
    std::vector<at::Tensor> numbers;
    for (const auto& gradient : defined) numbers.push_back(nn::stored_numbers(gradient));
    for (size_t number = 0; number < gradients.size(); ++number)
      if (gradients[number].defined() && gradients[number].is_sparse())
        found.used_rows[number] = nn::used_rows_of(gradients[number]).rows;
    auto norms = at::_foreach_norm(numbers, 2, at::kDouble);
    for (auto& norm : norms) norm = norm.to(norms.front().device());
    found.norm = at::stack(norms).norm();
    return found;
  }
  const auto read = read_all(defined);
  auto norms = at::empty({std::ssize(defined)}, at::kDouble);
  auto* to = norms.mutable_data_ptr<double>();
  for (size_t number = 0, next = 0; number < gradients.size(); ++number) {
    if (!gradients[number].defined()) continue;
    to[next] = read[next].norm;
    found.used_rows[number] = read[next].used_rows;
    ++next;
  }
  found.norm = norms.norm();
  return found;
}

at::Tensor gradient_norm(const std::vector<at::Tensor>& gradients) { return read_gradients(gradients).norm; }

}  // namespace seq2seq::train
