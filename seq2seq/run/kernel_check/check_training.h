#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/run/environment.h"
#include "seq2seq/run/train_run.h"

namespace seq2seq::run {

/// Result of a comparison, as text.
struct KernelReport {
  std::vector<std::string> lines;  // a table
  std::string fault;               // the largest difference above the bound; empty: none
};

/// Compares our kernels with LibTorch's operators on the first batches of a new run, see KernelCheck: with its initial
/// parameters, or the weights from which it would start. Does not train or write anything; ignores `folder`. Throws
/// UsageError for a device other than the CPU.
KernelReport check_kernels(const NewRun& request, int64_t batches, const Environment& environment);

}  // namespace seq2seq::run
