#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/core/gpu_kernels.h"
#include "seq2seq/data/send.h"
#include "seq2seq/nn/kernels/recurrence/recurrence.h"
#include "seq2seq/nn/recurrent/lstm_pass.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

std::optional<kernels::RecurrenceShape> shape_for(const Tensor& x, int64_t cells, const Steps& steps) {
  if (!x.is_cuda() || x.scalar_type() != at::kFloat || steps.count() == 0 || !is_on(GpuKernel::lstm))
    return std::nullopt;
  return kernels::recurrence_shape(cells, steps.sentences(0), kernels::gpu_limits(x.device().index()));
}

Tensor offsets_on(const Steps& steps, c10::Device device) {
  return data::send(at::tensor(steps.offsets, at::kLong), device);
}

Tensor counters_for(const kernels::RecurrenceShape& shape, c10::Device device) {
  return at::empty({kernels::counter_count(shape)}, at::TensorOptions(at::kInt).device(device));
}

uint32_t* counters_in(const Tensor& counters) { return reinterpret_cast<uint32_t*>(counters.data_ptr<int32_t>()); }

const float* const_floats(const Tensor& tensor) { return tensor.const_data_ptr<float>(); }
float* floats(const Tensor& tensor) { return tensor.data_ptr<float>(); }

}  // namespace

bool lstm_forward_one_launch(const LstmForward& p, const Steps& steps) {
  const int64_t width = p.weights.hidden.size(1);
  const auto shape = shape_for(p.x, width, steps);
  if (!shape) return false;
  auto sums = p.gates;
  at::addmm_out(sums, p.weights.input_bias + p.weights.hidden_bias, p.x, p.weights.input.t());
  const auto device = p.x.device();
  const auto offsets = offsets_on(steps, device), counters = counters_for(*shape, device);
  kernels::lstm_recurrence_on_gpu(kernels::LstmRecurrence{.weight = const_floats(p.weights.hidden),
                                                          .hidden = const_floats(p.hidden),
                                                          .cell = const_floats(p.cell),
                                                          .offsets = offsets.const_data_ptr<int64_t>(),
                                                          .gates = floats(p.gates),
                                                          .cells = floats(p.cells),
                                                          .rows = floats(p.rows),
                                                          .steps = steps.count(),
                                                          .width = width},
                                  *shape, counters_in(counters), device.index());
  return true;
}

bool lstm_backward_one_launch(const LstmBackward& p, const Steps& steps, LstmWork work) {
  const int64_t width = p.forward.weights.hidden.size(1);
  const auto shape = shape_for(p.forward.x, width, steps);
  if (!shape) return false;
  if (work != LstmWork::weights) {
    const auto device = p.forward.x.device();
    const auto offsets = offsets_on(steps, device), counters = counters_for(*shape, device);
    kernels::lstm_recurrence_on_gpu(
        kernels::LstmRecurrenceBackward{.weight = const_floats(p.forward.weights.hidden),
                                        .gates = const_floats(p.forward.gates),
                                        .cells = const_floats(p.forward.cells),
                                        .cell_before = const_floats(p.forward.cell),
                                        .from_above = p.from_above.defined() ? const_floats(p.from_above) : nullptr,
                                        .offsets = offsets.const_data_ptr<int64_t>(),
                                        .hidden = floats(p.hidden),
                                        .cell = floats(p.cell),
                                        .sums = floats(p.sums),
                                        .steps = steps.count(),
                                        .width = width},
        *shape, counters_in(counters), device.index());
    auto x = p.x;
    if (x.defined()) at::mm_out(x, p.sums, p.forward.weights.input);
  }
  if (work != LstmWork::steps) lstm_backward_plain(p, steps, LstmWork::weights);
  return true;
}

}  // namespace seq2seq::nn
