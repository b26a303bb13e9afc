#include "seq2seq/nn/recurrent/steps.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/data/send.h"

namespace seq2seq::nn {
namespace {

/// Returns rows by their numbers. On a GPU this is one launch; a copy for each step would need as many launches as the
/// rest of the layer. On the CPU the copies are faster.
at::Tensor picked(const at::Tensor& rows, const std::vector<int64_t>& numbers) {
  return rows.index_select(0, data::send(at::tensor(numbers, at::kLong), rows.device()));
}

at::Tensor last_rows_picked(const at::Tensor& rows, const Steps& steps) {
  std::vector<int64_t> numbers(static_cast<size_t>(steps.sentences(0)));
  for (int64_t step = 0; step < steps.count(); ++step)
    for (int64_t sentence = steps.sentences(step + 1); sentence < steps.sentences(step); ++sentence)
      numbers[static_cast<size_t>(sentence)] = steps.offset(step) + sentence;
  return picked(rows, numbers);
}

at::Tensor rows_before_picked(const at::Tensor& first, const at::Tensor& rows, const Steps& steps) {
  std::vector<int64_t> numbers;
  for (int64_t step = 1; step < steps.count(); ++step)
    for (int64_t sentence = 0; sentence < steps.sentences(step); ++sentence)
      numbers.push_back(steps.offset(step - 1) + sentence);
  return at::cat({first.narrow(0, 0, steps.sentences(0)), picked(rows, numbers)});
}

}  // namespace

at::Tensor last_rows(const at::Tensor& rows, const Steps& steps) {
  if (steps.count() == 1) return rows;
  if (!rows.is_cpu()) return last_rows_picked(rows, steps);
  auto result = at::empty({steps.sentences(0), rows.size(1)}, rows.options());
  for (int64_t step = 0; step < steps.count(); ++step) {
    const int64_t going_on = steps.sentences(step + 1);
    const int64_t ending = steps.sentences(step) - going_on;
    if (ending > 0) result.narrow(0, going_on, ending).copy_(steps.of(rows, step).narrow(0, going_on, ending));
  }
  return result;
}

at::Tensor rows_before(const at::Tensor& first, const at::Tensor& rows, const Steps& steps) {
  if (steps.count() == 1) return first.narrow(0, 0, steps.sentences(0));
  if (!rows.is_cpu()) return rows_before_picked(first, rows, steps);
  auto result = at::empty_like(rows);
  for (int64_t step = 0; step < steps.count(); ++step) {
    const auto source = step == 0 ? first : steps.of(rows, step - 1);
    steps.of(result, step).copy_(source.narrow(0, 0, steps.sentences(step)));
  }
  return result;
}

}  // namespace seq2seq::nn
