#pragma once

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// The gates i f g o of an LSTM, side by side in rows [n, 4H], for all its variants.
inline constexpr int64_t lstm_gates = 4;
inline constexpr int64_t lstm_forget_gate = 1;

/// Returns the role of a parameter with the gates in its first dimension.
Role lstm_gate_role(Role::Kind kind, bool second_bias = false);

/// Turns sums into gates, in place.
void lstm_activate(const at::Tensor& gates);
/// Writes c = f c' + i g into `cell` [n, H].
void lstm_next_cell(const at::Tensor& gates, const at::Tensor& cell_before, at::Tensor cell);
/// Writes the derivatives of the gates' sums into `sums` [n, 4H], from the derivatives of c and of o, [n, H] each.
void lstm_gate_gradients(const at::Tensor& gates, const at::Tensor& cell_before, const at::Tensor& cell_gradient,
                         const at::Tensor& output_gradient, const at::Tensor& sums);

}  // namespace seq2seq::nn
