#include "seq2seq/nn/kernels/lstm/step_vector.h"
