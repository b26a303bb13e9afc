#pragma once

#include <c10/core/ScalarType.h>

namespace seq2seq::nn {

/// The type that a model's parameters have and its products are computed in.
enum class Precision { float32 };

constexpr c10::ScalarType type_of(Precision precision) {
  switch (precision) {
    case Precision::float32:
      return c10::kFloat;
  }
  return c10::kFloat;
}

}  // namespace seq2seq::nn
