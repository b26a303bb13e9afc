#include "seq2seq/core/isa.h"

#include <cstdlib>

#include "seq2seq/core/error.h"

namespace seq2seq {
namespace {

Isa of_processor() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return Isa::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
  return Isa::reference;
}

Isa allowed(Isa best) {
  const char* asked = std::getenv("SEQ2SEQ_ISA");
  if (asked == nullptr || *asked == '\0') return best;
  for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512}) {
    if (name(isa) == asked) return isa < best ? isa : best;
  }
  throw UsageError({.part = std::string("SEQ2SEQ_ISA=") + asked}, "unknown instruction set",
                   "Use reference, avx2 or avx512");
}

}  // namespace

Isa best_isa() { return allowed(of_processor()); }

std::vector<Isa> available_isas() {
  std::vector<Isa> all;
  for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512}) {
    if (isa <= of_processor()) all.push_back(isa);
  }
  return all;
}

std::string name(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    case Isa::reference:
      break;
  }
  return "reference";
}

}  // namespace seq2seq
