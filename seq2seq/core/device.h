#pragma once

#include <exception>
#include <string>
#include <string_view>

#include <c10/core/Device.h>

namespace seq2seq {

/// Parses `cpu`, `cuda` or `cuda:N`. Throws UsageError for any other text, and for a GPU that this machine does not
/// have; the message has the number of GPUs.
c10::Device parse_available_device(const std::string& text);

/// As parse_available_device(), without checking that this machine has the device.
c10::Device parse_device_name(const std::string& text);
/// Returns true if the machine has the device.
bool is_available(c10::Device device);
/// Returns a list of this machine's GPUs, for messages: `LibTorch finds one GPU here, `cuda:0``.
std::string describe_gpus();
/// Returns true if LibTorch finds a GPU here.
bool has_gpu();

/// The message about a computation that does not fit into memory, and the part that says what to do.
inline constexpr std::string_view out_of_memory = "out of memory";
inline constexpr std::string_view out_of_memory_remedy =
    "Reduce `train.batch`, `decode.batch` or the size of the model";
/// Returns true if the error means that a device ran out of memory.
bool is_out_of_memory(const std::exception_ptr& error);
/// Returns the message of a failed device, for example a GPU that was lost or reset; empty for other errors.
std::string device_failure(const std::exception_ptr& error);

/// Returns a GPU's compute capability in tenths, such as 90 for 9.0; 0 for other devices.
int compute_capability(c10::Device device);

/// The hardware and libraries on which results depend besides the configuration. Stored in a run, compared on resume.
struct Machine {
  int threads = 1;
  std::string product_library;  // library of matrix products: "mkl 2024.2", "openblas", ...
  std::string instruction_set;  // of LibTorch's kernels: "AVX512", "AVX2", "DEFAULT"
  // The instruction set of our kernels (isa.h), and the parts they compute: "avx512 (layers, output)", "reference". On
  // a GPU, also the kernels named in SEQ2SEQ_GPU_KERNELS.
  std::string kernels;
  std::string device;  // "cpu", or the GPU's name
  std::string torch;   // LibTorch's version
};

struct ProcessorLimits {
  bool obey_openmp = true;  // OMP_NUM_THREADS
};
/// Returns the number of processors that this process may use: those of the machine, limited by taskset, a container's
/// quota and OMP_NUM_THREADS.
int processors(const ProcessorLimits& limits = {});

/// Prepares this thread for computations and describes the machine. Sets LibTorch's number of threads (0: one per
/// processor that this process may use). Subnormal numbers, below 1.2e-38 in float32, become 0 in this thread, in
/// LibTorch's and in all that they start later: such gradients make an update several times slower on some processors.
Machine prepare_machine(int threads, c10::Device device);

}  // namespace seq2seq
