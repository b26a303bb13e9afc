#include "seq2seq/nn/recurrent/steps.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

namespace seq2seq::nn {

at::Tensor last_rows(const at::Tensor& rows, const Steps& steps) {
  if (steps.count() == 1) return rows;
  auto result = at::empty({steps.sentences(0), rows.size(1)}, rows.options());
  for (int64_t step = 0; step < steps.count(); ++step) {
    const int64_t going_on = steps.sentences(step + 1);
    const int64_t ending = steps.sentences(step) - going_on;
    if (ending > 0) result.narrow(0, going_on, ending).copy_(steps.of(rows, step).narrow(0, going_on, ending));
  }
  return result;
}

at::Tensor rows_before(const at::Tensor& first, const at::Tensor& rows, const Steps& steps) {
  if (steps.count() == 1) return first;
  auto result = at::empty_like(rows);
  for (int64_t step = 0; step < steps.count(); ++step) {
    const auto source = step == 0 ? first : steps.of(rows, step - 1);
    steps.of(result, step).copy_(source.narrow(0, 0, steps.sentences(step)));
  }
  return result;
}

}  // namespace seq2seq::nn
