// usage: product_bench THREADS SECONDS M,N,K[,t] ...
//
// Prints as JSON, for each shape, the GFLOP/s of C [M, N] = A [M, K] B [K, N] in float32 by functions that a program
// linked with LibTorch can call: at::mm, and MKL's products with a packed B if libtorch_cpu.so exports them. B is
// transposed, like the weight of a layer; with `t`, A is transposed, as in the gradient of a weight. A rate is the
// median of five measurements, in which the libraries alternate. scripts/bench runs it.

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
