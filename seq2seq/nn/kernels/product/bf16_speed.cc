#include "seq2seq/nn/kernels/product/bf16_speed.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "seq2seq/nn/kernels/product/product.h"

namespace seq2seq::nn::kernels {
namespace {

/// A product whose operands stay in the first-level cache, as the tiles of the layers do.
class TimedProduct {
 public:
  explicit TimedProduct(Operands operands) : kernels_(product_kernels(best_isa(), operands)) {
    panel_.resize(static_cast<size_t>(depth * kernels_.columns));
    out_.resize(static_cast<size_t>(rows * kernels_.columns));
    kernels_.pack(right_.data(), kernels_.columns, depth, kernels_.columns, panel_.data());
  }

  /// Returns the seconds per column.
  double seconds() {
    const auto start = std::chrono::steady_clock::now();
    for (int repetition = 0; repetition < repetitions; ++repetition) {
      kernels_.multiply({.left = left_.data(),
                         .row_stride = depth,
                         .depth_stride = 1,
                         .panel = panel_.data(),
                         .start = nullptr,
                         .start_stride = 0,
                         .out = out_.data(),
                         .out_stride = kernels_.columns,
                         .rows = rows,
                         .depth = depth,
                         .columns = kernels_.columns});
    }
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    return taken.count() / static_cast<double>(kernels_.columns);
  }

 private:
  static constexpr int64_t rows = 48, depth = 256, most_columns = 64;
  static constexpr int repetitions = 20;

  ProductKernels kernels_;
  std::vector<float> left_ = std::vector<float>(rows * depth, 0.5F);
  std::vector<float> right_ = std::vector<float>(depth * most_columns, 0.25F);
  std::vector<float> panel_, out_;
};

}  // namespace

double measure_bf16_speed() {
  TimedProduct float32(Operands::float32), bf16(Operands::bf16);
  constexpr double longest = std::numeric_limits<double>::infinity();
  double float32_seconds = longest, bf16_seconds = longest;
  for (int turn = 0; turn < 7; ++turn) {  // in turns, because the speed of a shared processor drifts
    float32_seconds = std::min(float32_seconds, float32.seconds());
    bf16_seconds = std::min(bf16_seconds, bf16.seconds());
  }
  return float32_seconds / bf16_seconds;
}

}  // namespace seq2seq::nn::kernels
