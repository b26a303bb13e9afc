#include "seq2seq/nn/kernels/cross_entropy/cross_entropy.h"

#include "seq2seq/nn/kernels/cross_entropy/cross_entropy_isa.h"
#include "seq2seq/nn/kernels/kernels_of.h"

namespace seq2seq::nn::kernels {

CrossEntropyKernels cross_entropy_kernels(Isa isa) { return SEQ2SEQ_KERNELS_OF(isa, cross_entropy_kernels()); }

}  // namespace seq2seq::nn::kernels
