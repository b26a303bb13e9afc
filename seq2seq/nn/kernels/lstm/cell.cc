#include "seq2seq/nn/kernels/lstm/cell.h"

#include "seq2seq/nn/kernels/lstm/cell_isa.h"

namespace seq2seq::nn::kernels {

LstmCellKernels lstm_cell(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return {avx512::lstm_cell, avx512::lstm_cell_gradient};
    case Isa::avx2:
      return {avx2::lstm_cell, avx2::lstm_cell_gradient};
    case Isa::reference:
      break;
  }
  return {lstm_cell_reference, lstm_cell_reference};
}

}  // namespace seq2seq::nn::kernels
