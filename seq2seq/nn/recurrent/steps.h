#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace seq2seq::nn {

/// Positions of the rows of each step in the packed order.
struct Steps {
  explicit Steps(const std::vector<int64_t>& running) : running(running) {
    for (const int64_t sentences : running) offsets.push_back(offsets.back() + sentences);
  }
  int64_t count() const { return static_cast<int64_t>(running.size()); }
  int64_t rows() const { return offsets.back(); }
  int64_t offset(int64_t step) const { return offsets[static_cast<size_t>(step)]; }
  int64_t sentences(int64_t step) const { return step < count() ? running[static_cast<size_t>(step)] : 0; }
  at::Tensor of(const at::Tensor& rows, int64_t step) const { return rows.narrow(0, offset(step), sentences(step)); }

  std::vector<int64_t> running, offsets{0};
};

/// Returns each sentence's row at its own last step [S, H], in sorted order. With a single step it is `rows` itself.
at::Tensor last_rows(const at::Tensor& rows, const Steps& steps);
/// Returns [N, H]: for each row the previous state, which is the first state [S, H] at the first step, and otherwise
/// the row of the previous step.
at::Tensor rows_before(const at::Tensor& first, const at::Tensor& rows, const Steps& steps);

}  // namespace seq2seq::nn
