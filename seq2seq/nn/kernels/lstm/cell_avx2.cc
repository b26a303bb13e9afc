#include "seq2seq/nn/kernels/lstm/cell_vector.h"
