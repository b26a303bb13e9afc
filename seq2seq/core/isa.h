#pragma once

#include <string>
#include <vector>

namespace seq2seq {

/// Instruction sets that kernels are written for, each containing those before it.
enum class Isa { reference, avx2, avx512 };

/// The best one that this processor has and that the environment variable SEQ2SEQ_ISA (reference, avx2, avx512) allows.
Isa best_isa();
/// All that may be run here, ascending; for tests.
std::vector<Isa> available_isas();
std::string name(Isa isa);

}  // namespace seq2seq
