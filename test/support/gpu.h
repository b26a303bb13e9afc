#pragma once

#include <optional>

#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "test/support/catch.h"

namespace seq2seq::test {

/// The first GPU. Empty where LibTorch finds none: the case has said so then, and returns. Such cases are tagged [gpu].
inline std::optional<c10::Device> gpu() {
  try {
    return parse_device("cuda");
  } catch (const UsageError&) {
    WARN("skipped: no GPU");
    return std::nullopt;
  }
}

}  // namespace seq2seq::test
