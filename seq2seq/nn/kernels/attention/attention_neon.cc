#include "seq2seq/nn/kernels/attention/table_vector.h"
