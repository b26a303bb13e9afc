#include "seq2seq/nn/kernels/ranking/ranking.h"

#include "seq2seq/nn/kernels/kernels_of.h"
#include "seq2seq/nn/kernels/ranking/ranking_isa.h"

namespace seq2seq::nn::kernels {

RankingKernels ranking_kernels(Isa isa) { return SEQ2SEQ_KERNELS_OF(isa, ranking_kernels()); }

}  // namespace seq2seq::nn::kernels
