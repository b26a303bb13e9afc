#include "seq2seq/nn/kernels/ranking/ranking_vector.h"
