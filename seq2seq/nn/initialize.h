#pragma once

#include <cstdint>

#include <torch/nn/module.h>

namespace seq2seq::nn {

/// Every parameter uniform in [-range, range] (arXiv 1409.3215, section 3.4). A value depends on (seed, the parameter's
/// name, its index) alone: not on the order of parameters, nor on where they lie.
void initialize_uniform(torch::nn::Module& module, double range, uint64_t seed);

/// Sets what the forget gates of all LSTM layers add to their sums, both biases together, to `bias` (Gers, Schmidhuber
/// and Cummins 2000; 1 after Jozefowicz, Zaremba and Sutskever 2015): layers are known by torch's names of their
/// parameters.
void set_forget_bias(torch::nn::Module& module, double bias);

/// Draws every word vector anew, normal with mean 0 and this standard deviation, as `torch.nn.Embedding` does with 1.
/// What depends on what is as above.
void initialize_embeddings(torch::nn::Module& module, double deviation, uint64_t seed);

}  // namespace seq2seq::nn
