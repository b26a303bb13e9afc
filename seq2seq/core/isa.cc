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

std::string isa_of_environment() {
  const char* asked = std::getenv("SEQ2SEQ_ISA");
  return asked == nullptr ? "" : asked;
}

}  // namespace

Isa choose_isa(Isa best, const std::string& asked) {
  if (asked.empty()) return best;
  for (const Isa isa : {Isa::reference, Isa::avx2, Isa::avx512}) {
    if (name(isa) != asked) continue;
    if (isa <= best) return isa;
    throw UsageError({.part = "SEQ2SEQ_ISA=" + asked}, "this processor does not have these instructions",
                     "Use " + name(best) + (best == Isa::reference ? "" : " or less") + ", or unset the variable");
  }
  throw UsageError({.part = "SEQ2SEQ_ISA=" + asked}, "unknown instruction set", "Use reference, avx2 or avx512");
}

Isa best_isa() { return choose_isa(of_processor(), isa_of_environment()); }

bool processor_has_bf16() { return of_processor() == Isa::avx512 && __builtin_cpu_supports("avx512bf16") != 0; }

bool has_bf16_products() {
  const Isa isa = best_isa();
  return isa == Isa::avx512 ? processor_has_bf16() : isa_of_environment() == name(Isa::reference);
}

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
