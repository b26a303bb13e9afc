#pragma once

#include <string>
#include <vector>

namespace seq2seq {

/// Instruction sets that kernels are written for, each containing those before it.
enum class Isa { reference, avx2, avx512 };

/// Returns the best set that this processor has and that the environment variable SEQ2SEQ_ISA (reference, avx2, avx512)
/// allows.
Isa best_isa();
/// Returns all sets that this processor can run, ascending; for tests.
std::vector<Isa> available_isas();
std::string name(Isa isa);

}  // namespace seq2seq
