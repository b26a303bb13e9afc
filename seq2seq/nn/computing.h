#pragma once

#include "seq2seq/nn/precision.h"

namespace seq2seq::nn {

/// Sets the precision of computations for as long as it exists.
class Computing {
 public:
  explicit Computing(Precision precision) : before_(computing_in()) { compute_in(precision); }
  ~Computing() { compute_in(before_); }
  Computing(const Computing&) = delete;
  Computing& operator=(const Computing&) = delete;

 private:
  Precision before_;
};

}  // namespace seq2seq::nn
