#include "seq2seq/core/isa.h"

#include <cstdlib>

#if defined(__x86_64__)
#include <unistd.h>

#include <sys/syscall.h>
#endif

#include "seq2seq/core/error.h"

namespace seq2seq {
namespace {

constexpr Isa all_isas[] = {Isa::reference, Isa::neon, Isa::avx2, Isa::avx512, Isa::amx};

#if defined(__x86_64__)

bool has_bf16() { return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512bf16"); }

/// Linux saves the tile registers only of processes that have asked for them.
bool may_use_tiles() {
  constexpr long request_permission = 0x1023, tile_data = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  static const bool granted = syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
  return granted;
}

Isa of_processor() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    const bool tiles = has_bf16() && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16");
    return tiles && may_use_tiles() ? Isa::amx : Isa::avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
  return Isa::reference;
}

#else

bool has_bf16() { return false; }

Isa of_processor() {
#if defined(__aarch64__)
  return Isa::neon;
#else
  return Isa::reference;
#endif
}

#endif

/// Returns true if a processor with `best` has `isa`.
bool contains(Isa best, Isa isa) { return isa == best || (isa < best && isa != Isa::neon); }

std::string isa_of_environment() {
  const char* asked = std::getenv("SEQ2SEQ_ISA");
  return asked == nullptr ? "" : asked;
}

}  // namespace

Isa choose_isa(Isa best, const std::string& asked) {
  if (asked.empty()) return best;
  for (const Isa isa : all_isas) {
    if (name(isa) != asked) continue;
    if (contains(best, isa)) return isa;
    throw UsageError({.part = "SEQ2SEQ_ISA=" + asked}, "this processor does not have these instructions",
                     "Use " + name(best) + (best == Isa::reference ? "" : " or less") + ", or unset the variable");
  }
  throw UsageError({.part = "SEQ2SEQ_ISA=" + asked}, "unknown instruction set",
                   "Use reference, neon, avx2, avx512 or amx");
}

Isa best_isa() { return choose_isa(of_processor(), isa_of_environment()); }

bool processor_has_bf16() { return of_processor() >= Isa::avx512 && has_bf16(); }

bool has_bf16_products() {
  const Isa isa = best_isa();
  return isa >= Isa::avx512 ? processor_has_bf16() : isa_of_environment() == name(Isa::reference);
}

std::vector<Isa> available_isas() {
  std::vector<Isa> all;
  for (const Isa isa : all_isas) {
    if (contains(of_processor(), isa)) all.push_back(isa);
  }
  return all;
}

std::string name(Isa isa) {
  switch (isa) {
    case Isa::amx:
      return "amx";
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    case Isa::neon:
      return "neon";
    case Isa::reference:
      break;
  }
  return "reference";
}

}  // namespace seq2seq
