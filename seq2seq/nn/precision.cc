#include "seq2seq/nn/precision.h"

#include <atomic>

#include <ATen/Context.h>
#include <fmt/format.h>

#include "seq2seq/core/device.h"
#include "seq2seq/core/isa.h"

namespace seq2seq::nn {
namespace {

std::atomic<Precision>& current() {
  static std::atomic<Precision> precision{Precision::float32};
  return precision;
}

std::string refusal_of_processor() {
  if (has_bf16_products()) return "";
  return "`bf16` on a processor needs AVX512-BF16, " +
         (processor_has_bf16() ? fmt::format("but SEQ2SEQ_ISA allows {} alone", name(best_isa()))
                               : std::string("which this one does not have"));
}

}  // namespace

std::string precision_refusal(Precision precision, c10::Device device) {
  if (precision == Precision::float32) return "";
  const auto name = precision == Precision::tf32 ? "tf32" : "bf16";
  if (device.is_cpu() && precision == Precision::bf16) return refusal_of_processor();
  if (!device.is_cuda()) return fmt::format("`{}` needs a GPU, but the device is `{}`", name, device.str());
  constexpr int least = 80;  // 8.0, the first with tf32 and bf16
  const int capability = compute_capability(device);
  if (capability >= least) return "";
  return fmt::format("`{}` needs a GPU of compute capability 8.0 or more, but `{}` has {}.{}", name, device.str(),
                     capability / 10, capability % 10);
}

std::string slow_bf16_warning(double speed) {
  if (speed > 1) return "";
  return fmt::format(
      "`train.precision: bf16` is slower than float32 on this processor: its products make {:.2f} times as many "
      "multiplications per second; use `float32`, unless you want to study the rounding",
      speed);
}

void set_precision(Precision precision) {
  current() = precision;
  auto& context = at::globalContext();
  context.setAllowTF32CuBLAS(precision != Precision::float32);
  context.setAllowTF32CuDNN(precision != Precision::float32);
}

Precision current_precision() { return current(); }

}  // namespace seq2seq::nn
