#pragma once

// Chooses among the kernels that are compiled for this architecture. Every set has a namespace with functions of the
// same names.

#include "seq2seq/core/isa.h"

/// Calls `call` in the namespace of `isa`, or in that of the best set below it which has its own kernels for float32.
#if defined(__aarch64__)
#define SEQ2SEQ_KERNELS_OF(isa, call) ((isa) == Isa::neon ? neon::call : reference::call)
#else
#define SEQ2SEQ_KERNELS_OF(isa, call) \
  ((isa) >= Isa::avx512 ? avx512::call : (isa) == Isa::avx2 ? avx2::call : reference::call)
#endif
