#pragma once

namespace seq2seq::nn::kernels {

/// Measures how many times as many multiplications per second products make with operands in bf16 as in float32 on this
/// processor; below 1, bf16 is slower. Needs has_bf16_products(). Takes a few milliseconds of one thread.
double measure_bf16_speed();

}  // namespace seq2seq::nn::kernels
