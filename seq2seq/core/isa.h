#pragma once

#include <string>
#include <vector>

namespace seq2seq {

/// Instruction sets that kernels are written for. `neon` is that of 64-bit ARM processors. The others are those of x86,
/// and each contains those before it; `amx` is AMX-BF16 beside AVX512-BF16.
enum class Isa { reference, neon, avx2, avx512, amx };

/// Returns the best set that this processor has, or the one that the environment variable SEQ2SEQ_ISA names.
Isa best_isa();
/// Returns the set that `asked` names (reference, neon, avx2, avx512, amx), or `best` if it is empty. Throws UsageError
/// for an unknown name, and for a set that a processor with `best` does not have.
Isa choose_isa(Isa best, const std::string& asked);
/// Returns all sets that this processor can run, ascending; for tests.
std::vector<Isa> available_isas();
std::string name(Isa isa);

/// Returns true if the kernels of best_isa() can multiply bf16 numbers: those for AMX, and those for AVX-512 if the
/// processor also has AVX512-BF16. The slow reference can do so only if SEQ2SEQ_ISA selects it.
bool has_bf16_products();
/// Returns true if this processor has AVX512-BF16, in the set avx512 or above.
bool processor_has_bf16();

}  // namespace seq2seq
