#include "seq2seq/nn/kernels/product/product_vector.h"
