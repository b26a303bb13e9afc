// usage: product_bench THREADS SECONDS M,N,K[,t] ...
//
// Prints as JSON, for each shape, the GFLOP/s of C [M, N] = A [M, K] B [K, N] in float32: by at::mm, by MKL's products
// with a packed B if libtorch_cpu.so exports them, and by our own kernels. B is transposed, like the weight of a layer,
// and packed beforehand. With `t`, A is transposed, as in the gradient of a weight; our kernels then pack B in each
// call. A rate is the median of five measurements, in which the libraries alternate. scripts/bench runs it.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <dlfcn.h>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/rand.h>
#include <nlohmann/json.hpp>

#include "seq2seq/nn/kernels/product/product.h"
#include "seq2seq/nn/recurrent/team.h"

namespace {

using Json = nlohmann::ordered_json;

struct Shape {
  int64_t rows, columns, depth;
  bool transposed = false;
};

/// MKL's functions for a packed matrix, as its reference manual declares them, with integers of 32 bits.
struct PackedMkl {
  using Size = size_t (*)(int identifier, int m, int n, int k);
  using Pack = void (*)(int layout, int identifier, int transposed, int m, int n, int k, float alpha, const float* from,
                        int stride, float* to);
  using Compute = void (*)(int layout, int transposed_a, int transposed_b, int m, int n, int k, const float* a,
                           int stride_a, const float* b, int stride_b, float beta, float* c, int stride_c);
  static constexpr int row_major = 101, plain = 111, transposed = 112, packed = 151, matrix_b = 162;

  template <class Function>
  static Function find(const char* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  }
  Size size = find<Size>("cblas_sgemm_pack_get_size");
  Pack pack = find<Pack>("cblas_sgemm_pack");
  Compute compute = find<Compute>("cblas_sgemm_compute");
  bool there() const { return size != nullptr && pack != nullptr && compute != nullptr; }
};

Shape shape_of(const std::string& text) {
  std::istringstream words(text);
  Shape shape{};
  char comma = 0, mark = 0;
  words >> shape.rows >> comma >> shape.columns >> comma >> shape.depth;
  shape.transposed = static_cast<bool>(words >> comma >> mark) && mark == 't';
  return shape;
}

/// Our kernels for the processor's best instruction set, with the rows divided among the threads.
class OwnProduct {
 public:
  explicit OwnProduct(const Shape& shape)
      : shape_(shape), panels_(at::empty({kernels_.panels(shape.columns) * kernels_.columns * shape.depth})) {}

  /// `b`: [N, K] as the weight of a layer, or [K, N] with a transposed A.
  void pack(const at::Tensor& b) {
    const auto* from = b.const_data_ptr<float>();
    auto* to = panels_.data_ptr<float>();
    seq2seq::nn::run_on_threads(kernels_.panels(shape_.columns), [&](seq2seq::nn::Member member) {
      const auto own = member.part(shape_.columns, kernels_.columns);
      for (int64_t column = own.first; column < own.last; column += kernels_.columns) {
        const int64_t count = std::min(kernels_.columns, own.last - column);
        if (shape_.transposed) {
          kernels_.pack(from + column, shape_.columns, shape_.depth, count, to + column * shape_.depth);
        } else {
          kernels_.pack_transposed(from + column * shape_.depth, shape_.depth, shape_.depth, count,
                                   to + column * shape_.depth);
        }
      }
    });
  }

  /// `a`: [M, K], or [K, M] if it is transposed. In blocks of rows, as the layers multiply.
  void multiply(const at::Tensor& a, at::Tensor& c) const {
    constexpr int64_t block = 48, most_depth = 256;
    const int64_t depth_block = shape_.transposed ? most_depth : shape_.depth;
    seq2seq::nn::run_on_threads((shape_.rows + 11) / 12, [&](seq2seq::nn::Member member) {
      const auto own = member.part(shape_.rows, 12);
      for (int64_t row = own.first; row < own.last; row += block) {
        for (int64_t depth = 0; depth < shape_.depth; depth += depth_block)
          kernels_.multiply(
              part(a, c, {row, std::min(own.last, row + block)}, depth, std::min(depth_block, shape_.depth - depth)));
      }
    });
  }

 private:
  seq2seq::nn::kernels::Product part(const at::Tensor& a, at::Tensor& c, seq2seq::nn::Range rows, int64_t first,
                                     int64_t depth) const {
    const int64_t row_stride = shape_.transposed ? 1 : shape_.depth, depth_stride = shape_.transposed ? shape_.rows : 1;
    auto* const out = c.data_ptr<float>() + rows.first * shape_.columns;
    return {.left = a.const_data_ptr<float>() + rows.first * row_stride + first * depth_stride,
            .row_stride = row_stride,
            .depth_stride = depth_stride,
            .panel = panels_.const_data_ptr<float>() + first * kernels_.columns,
            .start = first > 0 ? out : nullptr,
            .start_stride = shape_.columns,
            .out = out,
            .out_stride = shape_.columns,
            .rows = rows.size(),
            .depth = depth,
            .columns = shape_.columns,
            .panel_stride = shape_.depth * kernels_.columns};
  }

  seq2seq::nn::kernels::ProductKernels kernels_ = seq2seq::nn::kernels::product_kernels();
  Shape shape_;
  at::Tensor panels_;
};

/// The product of a shape by one library, for repeated calls.
struct Contender {
  std::string name;
  std::function<void()> multiply;
};

std::vector<Contender> contenders(const Shape& shape) {
  const auto a = shape.transposed ? at::rand({shape.depth, shape.rows}).t() : at::rand({shape.rows, shape.depth});
  const auto weight =
      shape.transposed ? at::rand({shape.depth, shape.columns}) : at::rand({shape.columns, shape.depth});
  const auto b = shape.transposed ? weight : weight.t();
  auto c = at::empty({shape.rows, shape.columns});
  std::vector<Contender> all{{"at::mm", [=]() mutable { at::mm_out(c, a, b); }}};
  OwnProduct own(shape);
  own.pack(weight);
  all.push_back({"seq2seq", [=, left = shape.transposed ? a.t() : a]() mutable {
                   if (shape.transposed) own.pack(weight);
                   own.multiply(left, c);
                 }});
  const PackedMkl mkl;
  if (!mkl.there() || shape.transposed) return all;
  const auto m = static_cast<int>(shape.rows), n = static_cast<int>(shape.columns), k = static_cast<int>(shape.depth);
  const auto bytes = static_cast<int64_t>(mkl.size(PackedMkl::matrix_b, m, n, k));
  auto packed = at::empty({bytes / 4 + 1});
  mkl.pack(PackedMkl::row_major, PackedMkl::matrix_b, PackedMkl::transposed, m, n, k, 1, weight.data_ptr<float>(), k,
           packed.data_ptr<float>());
  all.push_back({"MKL packed", [=]() mutable {
                   mkl.compute(PackedMkl::row_major, PackedMkl::plain, PackedMkl::packed, m, n, k, a.data_ptr<float>(),
                               k, packed.data_ptr<float>(), n, 0, c.data_ptr<float>(), n);
                 }});
  return all;
}

/// Measures the seconds of a call, from as many calls as take about `seconds`.
double seconds_of(const std::function<void()>& work, double seconds) {
  const auto start = std::chrono::steady_clock::now();
  int64_t calls = 0;
  double taken = 0;
  do {
    work();
    ++calls;
    taken = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  } while (taken < seconds);
  return taken / static_cast<double>(calls);
}

Json rates(const Shape& shape, double seconds) {
  constexpr int kCounts = 5;
  const auto all = contenders(shape);
  std::vector<std::vector<double>> taken(all.size());
  for (const auto& contender : all) contender.multiply();  // warms up
  for (int count = 0; count < kCounts; ++count) {
    for (size_t i = 0; i < all.size(); ++i) taken[i].push_back(seconds_of(all[i].multiply, seconds));
  }
  Json result = Json::object();
  const double operations = 2.0 * static_cast<double>(shape.rows * shape.columns) * static_cast<double>(shape.depth);
  for (size_t i = 0; i < all.size(); ++i) {
    std::sort(taken[i].begin(), taken[i].end());
    result[all[i].name] = operations / taken[i][kCounts / 2] / 1e9;
  }
  return result;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    std::cerr << "usage: product_bench THREADS SECONDS M,N,K[,t] ...\n";
    return 2;
  }
  const std::vector<std::string> words(arguments + 1, arguments + count);
  at::set_num_threads(std::stoi(words[0]));
  Json all = Json::array();
  for (size_t i = 2; i < words.size(); ++i) all.push_back(rates(shape_of(words[i]), std::stod(words[1])));
  std::cout << all.dump() << '\n';
  return 0;
}
