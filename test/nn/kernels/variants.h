#pragma once

#include <ostream>
#include <vector>

#include <c10/util/BFloat16.h>

#include "seq2seq/core/isa.h"
#include "seq2seq/nn/kernels/operands.h"

namespace seq2seq::test {

/// The kernels of an instruction set for operands of a type.
struct Variant {
  Isa isa;
  nn::kernels::Operands operands = nn::kernels::Operands::float32;

  bool rounds() const { return operands == nn::kernels::Operands::bf16; }
  /// Returns a number as the products of this variant read it, rounded by LibTorch.
  float operand(float value) const { return rounds() ? static_cast<float>(c10::BFloat16(value)) : value; }
  std::vector<float> operand(std::vector<float> values) const {
    for (auto& value : values) value = operand(value);
    return values;
  }
};

inline std::ostream& operator<<(std::ostream& out, const Variant& variant) {
  return out << name(variant.isa) << (variant.rounds() ? ", bf16" : ", float32");
}

/// Returns the kernels for bf16 that this processor can run: the reference, with AVX512-BF16 those of avx512, and with
/// AMX those of amx.
inline std::vector<Variant> bf16_variants() {
  std::vector<Variant> all{{Isa::reference, nn::kernels::Operands::bf16}};
  for (const Isa isa : available_isas()) {
    if (isa >= Isa::avx512 && processor_has_bf16()) all.push_back({isa, nn::kernels::Operands::bf16});
  }
  return all;
}

/// Returns all kernels that this processor can run.
inline std::vector<Variant> variants() {
  std::vector<Variant> all;
  for (const Isa isa : available_isas()) all.push_back({isa, nn::kernels::Operands::float32});
  for (const Variant& variant : bf16_variants()) all.push_back(variant);
  return all;
}

}  // namespace seq2seq::test
