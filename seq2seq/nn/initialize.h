#pragma once

#include <cstdint>

#include <torch/nn/module.h>

namespace seq2seq::nn {

/// Initialization of parameters.
enum class Initialization { uniform, xavier };

/// Every parameter uniform in [-range, range] (arXiv 1409.3215, section 3.4). A value depends only on (seed, name of
/// the parameter, index), not on the order, the device or the slices of parameters.
void initialize_uniform(torch::nn::Module& module, double range, uint64_t seed);

/// Matrices uniform in [-r, r], r = sqrt(6 / (inputs + outputs)), each gate separately (Glorot and Bengio 2010,
/// equation 16); embedding tables, tied ones included, normal with deviation width^-1/2; biases 0. Depends only on
/// seed, name and index, as above.
void initialize_xavier(torch::nn::Module& module, uint64_t seed);

/// Sets the parameters that have a fixed initial value in their role.
void set_fixed_initial_values(torch::nn::Module& module);

/// Sets the bias of every forget gate, the sum of its two biases, to `bias` (Gers, Schmidhuber and Cummins 2000; 1
/// after Jozefowicz, Zaremba and Sutskever 2015). Finds them by the roles of the parameters.
void set_forget_bias(torch::nn::Module& module, double bias);

/// Redraws every word vector, normal with mean 0 and this standard deviation, as `torch.nn.Embedding` does with 1.
/// Depends only on seed, name and index, as above.
void initialize_embeddings(torch::nn::Module& module, double deviation, uint64_t seed);

}  // namespace seq2seq::nn
