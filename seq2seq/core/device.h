#pragma once

#include <string>

#include <c10/core/Device.h>

namespace seq2seq {

/// Reads `cpu`, `cuda` or `cuda:n`. Throws UsageError when the text is none of these, or the device is not there (and
/// says how many are).
c10::Device parse_device(const std::string& text);

/// What numbers depend on besides the configuration: recorded in a run, compared on resume.
struct Machine {
  int threads = 1;
  std::string product_library;  // what multiplies matrices: "mkl 2024.2", "openblas", ...
  std::string instruction_set;  // "AVX512", "AVX2", "DEFAULT": what LibTorch's kernels use
  std::string kernels;          // "avx512", "avx2", "reference": what our own use (isa.h)
  std::string device;           // "cpu", or the GPU's name
  std::string torch;            // LibTorch's version
};

/// Processors that this process may run on: the machine's, less what taskset, a container's quota or OMP_NUM_THREADS
/// takes away.
int processors();

/// threads 0: as many as the machine has processors for us. Sets LibTorch's thread count.
Machine prepare_machine(int threads, c10::Device device);

}  // namespace seq2seq
