#include "seq2seq/nn/kernels/cross_entropy/cross_entropy_vector.h"
