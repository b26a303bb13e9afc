#include "seq2seq/nn/recurrent/lstm_pass.h"

namespace seq2seq::nn {

LstmSizes::LstmSizes(const LstmForward& pass, const Steps& steps)
    : rows(steps.rows()), input(pass.x.size(1)), cells(pass.hidden.size(1)), gates(4 * cells) {}

int64_t LstmSizes::parts(const Steps& steps, int64_t share) const {
  // Least work per step for several threads: one thread then takes a few times the microsecond of a barrier.
  constexpr int64_t enough = 200'000;
  return gates * cells * rows / steps.count() < enough ? 1 : (cells + share - 1) / share;
}

bool has_lstm_kernels(const at::Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat; }

void lstm_forward(const LstmForward& pass, const Steps& steps) {
  if (has_lstm_kernels(pass.x)) return lstm_forward_cpu(pass, steps);
  if (!lstm_forward_one_launch(pass, steps)) lstm_forward_plain(pass, steps);
}

void lstm_backward(const LstmBackward& pass, const Steps& steps, LstmWork work) {
  if (has_lstm_kernels(pass.forward.x)) return lstm_backward_cpu(pass, steps, work);
  if (!lstm_backward_one_launch(pass, steps, work)) lstm_backward_plain(pass, steps, work);
}

}  // namespace seq2seq::nn
