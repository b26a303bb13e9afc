#include "seq2seq/nn/kernels/attention/attention.h"

#include "seq2seq/nn/kernels/attention/attention_isa.h"
#include "seq2seq/nn/kernels/kernels_of.h"

namespace seq2seq::nn::kernels {

AttentionKernels attention_kernels(Isa isa) { return SEQ2SEQ_KERNELS_OF(isa, attention_kernels()); }

}  // namespace seq2seq::nn::kernels
