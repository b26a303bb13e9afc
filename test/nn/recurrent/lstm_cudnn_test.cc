// An LSTM layer by cuDNN: on a GPU by cuDNN itself, elsewhere by an imitation of LibTorch's functions for it, with the
// same requirements and results.

#include <algorithm>
#include <array>
#include <future>
#include <string>
#include <tuple>
#include <vector>

#include <ATen/ops/allclose.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/lstm.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/library.h>

#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/gpu_kernels.h"
#include "seq2seq/core/isa.h"
#include "seq2seq/nn/precision.h"
#include "seq2seq/nn/recurrent/lstm_backend.h"
#include "test/support/catch.h"
#include "test/support/gpu.h"
#include "test/support/test_device.h"

namespace seq2seq::nn {
namespace {

using namespace test;
using at::Tensor;

/// Calls of the imitation.
struct Asked {
  int64_t forward = 0, backward = 0;
};
Asked& asked() {
  static Asked all;
  return all;
}

struct Imitated {
  Tensor rows, hidden, cell;
  std::vector<Tensor> leaves;  // x, h, c, weights
};

/// Runs torch's LSTM on the CPU, with operands that may require gradients.
Imitated imitated(const Tensor& x, at::TensorList weights, const Tensor& hidden, const Tensor& cell,
                  at::IntArrayRef running, bool with_gradient) {
  Imitated made;
  const auto leaf = [&](const Tensor& tensor) {
    made.leaves.push_back(tensor.cpu().clone().set_requires_grad(with_gradient));
    return made.leaves.back();
  };
  const auto rows = leaf(x);
  const std::vector<Tensor> before{leaf(hidden), leaf(cell)};
  std::vector<Tensor> parameters;
  for (const auto& weight : weights) parameters.push_back(leaf(weight));
  const at::AutoGradMode gradient(with_gradient);
  std::tie(made.rows, made.hidden, made.cell) =
      at::lstm(rows, at::tensor(running, at::kLong), before, parameters, /*has_biases=*/true, /*num_layers=*/1,
               /*dropout=*/0, /*train=*/true, /*bidirectional=*/false);
  return made;
}

/// Moves the weights into one buffer, as cuDNN requires.
Tensor flatten_weight(at::TensorList weights, int64_t stride, int64_t, int64_t mode, int64_t, int64_t, int64_t layers,
                      bool, bool bidirectional) {
  TORCH_CHECK(stride == 4 && mode == 2 && layers == 1 && !bidirectional);
  std::vector<Tensor> flat;
  for (const auto& weight : weights) flat.push_back(weight.reshape({-1}));
  const auto buffer = at::cat(flat);
  int64_t first = 0;
  for (const auto& weight : weights) {
    // Replaces set_(), which these devices do not have.
    weight.unsafeGetTensorImpl()->set_storage_keep_dtype(buffer.storage());
    weight.unsafeGetTensorImpl()->set_storage_offset(first);
    first += weight.numel();
  }
  return buffer;
}

std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor> rnn(const Tensor& x, at::TensorList weights, int64_t stride,
                                                       const std::optional<Tensor>& buffer, const Tensor& hidden,
                                                       const std::optional<Tensor>& cell, int64_t mode,
                                                       c10::SymInt cells, c10::SymInt projected, int64_t layers,
                                                       bool batch_first, double dropout, bool train, bool bidirectional,
                                                       c10::SymIntArrayRef running, const std::optional<Tensor>&) {
  TORCH_CHECK(stride == 4 && mode == 2 && layers == 1 && !batch_first && dropout == 0 && train && !bidirectional);
  TORCH_CHECK(buffer && weights[0].data_ptr() == buffer->data_ptr(), "the weights do not lie in the buffer");
  TORCH_CHECK(cells == weights[1].size(1) && projected == 0);
  TORCH_CHECK(hidden.is_contiguous() && cell->is_contiguous() && hidden.dim() == 3);
  ++asked().forward;
  const auto made = imitated(x, weights, hidden, *cell, C10_AS_INTARRAYREF_SLOW(running), false);
  const auto there = [&](const Tensor& tensor) { return tensor.to(x.device()); };
  const auto reserve = at::empty({8}, x.options().dtype(at::kByte));
  return {there(made.rows), there(made.hidden), there(made.cell), reserve, *buffer};
}

std::tuple<Tensor, Tensor, Tensor, std::vector<Tensor>> rnn_backward(
    const Tensor& x, at::TensorList weights, int64_t, const Tensor& buffer, const Tensor& hidden,
    const std::optional<Tensor>& cell, const Tensor& output, const std::optional<Tensor>& by_output,
    const std::optional<Tensor>& by_hidden, const std::optional<Tensor>& by_cell, int64_t, c10::SymInt, c10::SymInt,
    int64_t, bool, double, bool train, bool, c10::SymIntArrayRef running, const std::optional<Tensor>&,
    const Tensor& reserve, std::array<bool, 4> wanted) {
  TORCH_CHECK(train && reserve.numel() == 8 && buffer.numel() > 0);
  TORCH_CHECK(by_output->sizes() == output.sizes() && by_hidden->sizes() == hidden.sizes() &&
              by_cell->sizes() == hidden.sizes());
  ++asked().backward;
  // On a separate thread, because autograd functions call this, and below them nothing is differentiated.
  const auto found = std::async(std::launch::async, [&] {
                       const auto made = imitated(x, weights, hidden, *cell, C10_AS_INTARRAYREF_SLOW(running), true);
                       return torch::autograd::grad({made.rows, made.hidden, made.cell}, made.leaves,
                                                    {by_output->cpu(), by_hidden->cpu(), by_cell->cpu()});
                     }).get();
  std::vector<Tensor> there;
  for (const auto& gradient : found) there.push_back(gradient.to(x.device()));
  return {wanted[0] ? there[0] : Tensor(), there[1], there[2], {there.begin() + 3, there.end()}};
}

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("_cudnn_rnn_flatten_weight", flatten_weight);
  library.impl("_cudnn_rnn", rnn);
  library.impl("_cudnn_rnn_backward", rnn_backward);
}

/// Returns rows, last h and c, then the gradients of x, both states and all weights, on the CPU.
std::vector<Tensor> layer_on(c10::Device device, at::ScalarType type, int64_t input, int64_t cells,
                             const std::vector<int64_t>& running) {
  torch::manual_seed(7);
  int64_t rows = 0;
  for (const int64_t sentences : running) rows += sentences;
  const auto random = [&](std::vector<int64_t> shape) {
    return (at::rand(shape, at::kDouble) * 0.8 - 0.4).to(type).to(device);
  };
  std::vector<Tensor> leaf{random({rows, input}),      random({running[0], cells}), random({running[0], cells}),
                           random({4 * cells, input}), random({4 * cells, cells}),  random({4 * cells}),
                           random({4 * cells})};
  for (auto& tensor : leaf) tensor.set_requires_grad(true);
  const auto to_rows = random({rows, cells}), to_h = random({running[0], cells}), to_c = random({running[0], cells});
  const auto made = lstm_layer(leaf[0], running, leaf[1], leaf[2], {leaf[3], leaf[4], leaf[5], leaf[6]});
  ((made.rows * to_rows).sum() + (made.hidden * to_h).sum() + (made.cell * to_c).sum()).backward();
  std::vector<Tensor> all{made.rows.detach().cpu(), made.hidden.detach().cpu(), made.cell.detach().cpu()};
  for (const auto& tensor : leaf) all.push_back(tensor.grad().cpu());
  return all;
}

const char* const parts[] = {"rows", "h", "c", "dx", "dh", "dc", "weight_ih", "weight_hh", "bias_ih", "bias_hh"};

void check_layer(c10::Device device, at::ScalarType type, double tolerance) {
  const auto running = GENERATE(std::vector<int64_t>{5, 5, 4, 2, 1, 1, 1}, std::vector<int64_t>{1, 1},
                                std::vector<int64_t>{7, 7, 7}, std::vector<int64_t>{3, 1});
  const auto [input, cells] = GENERATE(std::pair<int64_t, int64_t>(5, 3), std::pair<int64_t, int64_t>(1, 33));
  CAPTURE(running, input, cells);
  const auto expected = layer_on(c10::kCPU, at::kDouble, input, cells, running);
  const GpuKernels on("cudnn");
  const auto found = layer_on(device, type, input, cells, running);
  for (size_t part = 0; part < expected.size(); ++part) {
    CAPTURE(parts[part]);
    CHECK(at::allclose(found[part].to(at::kDouble), expected[part], /*rtol=*/0, tolerance));
  }
}

TEST_CASE("lstm by cudnn: an imitation of it gives what the equations give", "[nn][lstm][gradient]") {
  asked() = {};
  check_layer(test_device(1), at::kDouble, 1e-12);
  CHECK(asked().forward == 1);
  CHECK(asked().backward == 1);
}

TEST_CASE("lstm by cudnn: cuDNN gives what the equations give", "[nn][lstm][gradient][gpu]") {
  const auto device = gpu();
  if (!device) return;
  at::globalContext().setAllowTF32CuDNN(false);
  const auto [type, tolerance] = GENERATE(std::pair(at::kDouble, 1e-11), std::pair(at::kFloat, 2e-5));
  check_layer(*device, type, tolerance);
}

TEST_CASE("lstm by cudnn: bf16 rounds the operands, and what comes out is float32", "[nn][lstm]") {
  const std::vector<int64_t> running{5, 5, 4, 2, 1};
  const auto expected = layer_on(c10::kCPU, at::kDouble, 5, 6, running);
  const GpuKernels on("cudnn");
  set_precision(Precision::bf16);
  const auto found = layer_on(test_device(1), at::kFloat, 5, 6, running);
  set_precision(Precision::float32);
  double largest = 0;
  for (size_t part = 0; part < expected.size(); ++part) {
    CAPTURE(parts[part]);
    CHECK(found[part].scalar_type() == at::kFloat);
    const auto error = (found[part] - expected[part]).abs().max().item<double>();
    CHECK(error < 0.03 * std::max(1.0, expected[part].abs().max().item<double>()));
    largest = std::max(largest, error);
  }
  CHECK(largest > 1e-4);  // float32 would be nearer
}

TEST_CASE("precision: what a device cannot compute in is refused with the reason", "[nn][error]") {
  CHECK(precision_refusal(Precision::float32, c10::kCPU).empty());
  CHECK(precision_refusal(Precision::tf32, c10::kCPU) == "`tf32` needs a GPU, but the device is `cpu`");
  CHECK(precision_refusal(Precision::bf16, c10::kCPU).empty() == has_bf16_products());
  CHECK(precision_refusal(Precision::bf16, test_device(1)) == "`bf16` needs a GPU, but the device is `test:1`");
}

TEST_CASE("precision: a processor that is slower in bf16 is named with its speed", "[nn][error]") {
  CHECK(slow_bf16_warning(1.7).empty());
  CHECK_THAT(slow_bf16_warning(0.62), ContainsSubstring("make 0.62 times as many multiplications per second"));
}

TEST_CASE("lstm by cudnn: what it does not compute is refused by its reason, and computed by the equations",
          "[nn][lstm]") {
  const auto input_on = [](c10::Device device) {
    return CellInput{.x = at::rand({3, 2}).to(device), .before = {}, .panels = nullptr};
  };
  const auto there = input_on(test_device(0)), here = input_on(c10::kCPU);
  const Steps two({2, 1}), one({3});
  const auto reason = [](const CellInput& input, const Steps& steps) { return lstm_by_cudnn().refusal(input, steps); };
  CHECK_THAT(reason(there, two), ContainsSubstring("SEQ2SEQ_GPU_KERNELS does not name `cudnn`"));
  CHECK(lstm_backend(there, two).name() == "equations");
  const GpuKernels on("softmax,cudnn");
  CHECK(reason(there, two).empty());
  CHECK(lstm_backend(there, two).name() == "cudnn");
  CHECK_THAT(reason(here, two), ContainsSubstring("CPU"));
  CHECK_THAT(reason(there, one), ContainsSubstring("single step"));
  CHECK(lstm_backend(here, two).name() == "equations");
  CHECK(lstm_backend(there, one).name() == "equations");
}

TEST_CASE("gpu kernels: those asked for are on, and an unknown name is refused", "[nn][error]") {
  CHECK(gpu_kernels().empty());
  CHECK(gpu_kernels_refusal(75).empty());  // none of our kernels
  {
    const GpuKernels on("softmax,cudnn");
    CHECK(gpu_kernels() == "cudnn, softmax");
    CHECK_THAT(gpu_kernels_refusal(75), ContainsSubstring("`softmax`"));
  }
  {
    const GpuKernels on("cudnn,lstm");
    CHECK(gpu_kernels_refusal(80).empty());
    CHECK(gpu_kernels_refusal(120).empty());
    CHECK(gpu_kernels_refusal(75) ==
          "`lstm` is built for GPUs of compute capability 8.0 and more, but this one has 7.5");
  }
  const GpuKernels on("cudnn,softmacs");
  CHECK_THROWS_WITH(is_on(GpuKernel::softmax),
                    ContainsSubstring("SEQ2SEQ_GPU_KERNELS=cudnn,softmacs: unknown kernel `softmacs`. Use one or more "
                                      "of cudnn, lstm and softmax"));
  CHECK_THROWS_AS(prepare_machine(1, c10::Device(c10::kCPU)), UsageError);  // on the CPU, too
}

}  // namespace
}  // namespace seq2seq::nn
