#include "seq2seq/core/device.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <malloc.h>
#include <new>
#include <sched.h>
#include <system_error>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/util/Exception.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#ifdef SEQ2SEQ_CUDA
#include <ATen/cuda/CUDAContext.h>
#endif

#include "seq2seq/core/error.h"
#include "seq2seq/core/gpu_kernels.h"
#include "seq2seq/core/isa.h"
#include "seq2seq/core/text.h"

namespace seq2seq {

namespace {

/// LibTorch's CPU allocator throws a generic error; other allocators have their own type.
bool speaks_of_memory(const std::string& message) {
  return message.find("can't allocate memory") != std::string::npos ||
         message.find("out of memory") != std::string::npos ||
         message.find("Storage size calculation overflowed") != std::string::npos;  // more bytes than a number holds
}

int gpus() { return at::hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0; }

bool read_number(std::string_view text, int& number) {
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && end == text.data() + text.size() && number >= 0;
}

/// Extracts `mkl 2024.2` from `Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build 20240605 for ...`.
std::string product_library() {
  if (!at::globalContext().hasMKL()) return at::globalContext().hasLAPACK() ? "lapack" : "none";
  const std::string text = at::get_mkl_version();
  const std::string mark = "Version ";
  const size_t start = text.find(mark);
  if (start == std::string::npos) return "mkl";
  const size_t number = start + mark.size();
  return "mkl " + text.substr(number, text.find_first_not_of("0123456789.", number) - number);
}

/// Keeps freed memory in the process. Updates free and allocate the same tens of megabytes again and again. If they
/// were returned to the system, each page would be cleared and mapped again, which takes a tenth of an update's time
/// and more.
void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 64 * 1024 * 1024);
#endif
}

/// Each thread has its own setting. A new one inherits it, but LibTorch's pool may have threads already.
void flush_subnormals() {
  at::Context::setFlushDenormal(true);
  at::parallel_for(0, at::get_num_threads(), 1, [](int64_t, int64_t) { at::Context::setFlushDenormal(true); });
}

std::string device_name([[maybe_unused]] c10::Device device) {
#ifdef SEQ2SEQ_CUDA
  if (device.is_cuda()) return at::cuda::getDeviceProperties(device.index())->name;
#endif
  return "cpu";
}

/// Returns `avx512 (layers, output)` on the CPU. (A run from the time when LibTorch computed the output layer has
/// `avx512`; its resume differs by rounding.) Returns `avx512` or `avx512, cudnn` on a GPU. In float32, amx has the
/// kernels of avx512.
std::string kernels_for(c10::Device device) {
  const auto own = name(std::min(best_isa(), Isa::avx512));
  const auto for_gpu = gpu_kernels();  // a misspelled name is an error on the CPU, too
  if (!device.is_cuda()) return best_isa() == Isa::reference ? own : own + " (layers, output)";
  if (const auto refusal = gpu_kernels_refusal(compute_capability(device)); !refusal.empty())
    throw UsageError({.part = "SEQ2SEQ_GPU_KERNELS"}, refusal, "Remove that kernel from the variable, or unset it");
  return for_gpu.empty() ? own : fmt::format("{}, {}", own, for_gpu);
}

}  // namespace

bool is_out_of_memory(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::bad_alloc&) {
    return true;
  } catch (const c10::Error& fault) {
    return speaks_of_memory(fault.what_without_backtrace());
  } catch (const Error& fault) {  // an output layer on several devices names the share that did not fit
    return speaks_of_memory(fault.what());
  } catch (...) {
    return false;
  }
}

std::string device_failure(const std::exception_ptr& error) {
  const auto first_line = [](const std::string& text) { return text.substr(0, text.find('\n')); };
  if (is_out_of_memory(error)) return {};
  try {
    std::rethrow_exception(error);
  } catch (const c10::AcceleratorError& fault) {
    return first_line(fault.what_without_backtrace());
  } catch (const c10::Error& fault) {  // of a library that works on the device
    const std::string text = fault.what_without_backtrace();
    return text.starts_with("CUDA error") || text.starts_with("cuDNN error") ? first_line(text) : "";
  } catch (...) {
    return {};
  }
}

int compute_capability([[maybe_unused]] c10::Device device) {
#ifdef SEQ2SEQ_CUDA
  if (device.is_cuda()) {
    const auto* properties = at::cuda::getDeviceProperties(device.index());
    return 10 * properties->major + properties->minor;
  }
#endif
  return 0;
}

c10::Device parse_device_name(const std::string& text) {
  if (text == "cpu") return {c10::kCPU};
  int index = 0;
  const bool numbered = text.rfind("cuda:", 0) == 0 && read_number(std::string_view(text).substr(5), index);
  if ((text != "cuda" && !numbered) || index > std::numeric_limits<c10::DeviceIndex>::max()) {
    throw UsageError(fmt::format("unknown device {}; use `cpu`, `cuda` or `cuda:N`", quote(text)));
  }
  return {c10::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

bool is_available(c10::Device device) { return !device.is_cuda() || device.index() < gpus(); }

std::string describe_gpus() {
  const int count = gpus();
  if (count == 0) return "LibTorch finds no GPU here";
  if (count == 1) return "LibTorch finds one GPU here, `cuda:0`";
  return fmt::format("LibTorch finds {} GPUs here, `cuda:0` to `cuda:{}`", count, count - 1);
}

c10::Device parse_available_device(const std::string& text) {
  const auto device = parse_device_name(text);
  if (!is_available(device)) {
    throw UsageError(fmt::format("device {} was not found: {}", quote(text), describe_gpus()),
                     gpus() == 0 ? "Use `cpu`; `scripts/setup --cuda` builds for a GPU" : "");
  }
  return device;
}

bool has_gpu() { return gpus() > 0; }

int processors(const ProcessorLimits& limits) {
  cpu_set_t set;
  CPU_ZERO(&set);
  int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : at::get_num_threads();
  std::ifstream quota_file("/sys/fs/cgroup/cpu.max");  // `200000 100000`: two processors; `max 100000`: all
  double quota = 0;
  double period = 0;
  if (quota_file >> quota >> period && quota > 0 && period > 0)
    count = std::min(count, static_cast<int>(std::lround(quota / period)));
  int wanted = 0;
  const char* variable = limits.obey_openmp ? std::getenv("OMP_NUM_THREADS") : nullptr;
  if (variable != nullptr && read_number(variable, wanted) && wanted > 0) count = std::min(count, wanted);
  return std::max(1, count);
}

Machine prepare_machine(int threads, c10::Device device) {
  keep_freed_memory();
  at::set_num_threads(threads > 0 ? threads : processors());
  flush_subnormals();
  return {.threads = at::get_num_threads(),
          .product_library = product_library(),
          .instruction_set = at::get_cpu_capability(),
          .kernels = kernels_for(device),
          .device = device_name(device),
          .torch = TORCH_VERSION};
}

}  // namespace seq2seq
