#include "seq2seq/nn/recurrent/lstm_pass.h"

namespace seq2seq::nn {

LstmSizes::LstmSizes(const LstmForward& pass, const Steps& steps)
    : rows(steps.rows()), input(pass.x.size(1)), cells(pass.hidden.size(1)), gates(4 * cells) {}

int64_t LstmSizes::parts(const Steps& steps, int64_t share) const {
  // A step on one thread should take a few times the microsecond that waiting for the others does.
  constexpr int64_t enough = 200'000;
  return gates * cells * rows / steps.count() < enough ? 1 : (cells + share - 1) / share;
}

}  // namespace seq2seq::nn
