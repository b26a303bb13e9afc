#pragma once

#include "seq2seq/nn/kernels/lstm/cell.h"

namespace seq2seq::nn::kernels {

namespace avx2 {
void lstm_cell(const LstmCell<float>& step);
void lstm_cell_gradient(const LstmCellGradient<float>& step);
}  // namespace avx2

namespace avx512 {
void lstm_cell(const LstmCell<float>& step);
void lstm_cell_gradient(const LstmCellGradient<float>& step);
}  // namespace avx512

}  // namespace seq2seq::nn::kernels
