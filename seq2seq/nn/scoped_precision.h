#pragma once

#include "seq2seq/nn/precision.h"

namespace seq2seq::nn {

/// Sets the precision of computations for as long as it exists.
class ScopedPrecision {
 public:
  explicit ScopedPrecision(Precision precision) : before_(current_precision()) { set_precision(precision); }
  ~ScopedPrecision() { set_precision(before_); }
  ScopedPrecision(const ScopedPrecision&) = delete;
  ScopedPrecision& operator=(const ScopedPrecision&) = delete;

 private:
  Precision before_;
};

}  // namespace seq2seq::nn
