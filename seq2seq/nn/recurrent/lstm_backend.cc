#include "seq2seq/nn/recurrent/lstm_backend.h"

namespace seq2seq::nn {

std::vector<const LstmBackend*> lstm_backends() { return {&lstm_by_cudnn(), &lstm_by_equations()}; }

const LstmBackend& lstm_backend(const CellInput& input, const Steps& steps) {
  return lstm_by_cudnn().refusal(input, steps).empty() ? lstm_by_cudnn() : lstm_by_equations();
}

}  // namespace seq2seq::nn
