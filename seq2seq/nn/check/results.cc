#include "seq2seq/nn/check/results.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/lstm.h>
#include <ATen/ops/max.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "seq2seq/nn/local_graph.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

/// Copies the parameters as leaves, in numbers of `type`.
std::vector<Tensor> copies(const std::vector<Tensor>& parameters, at::ScalarType type) {
  std::vector<Tensor> all;
  for (const auto& parameter : parameters)
    all.push_back(
        parameter.detach().to(type, /*non_blocking=*/false, /*copy=*/true).requires_grad_(parameter.requires_grad()));
  return all;
}

/// Runs a layer with a graph: x [N, I] and the state before -> the rows and the state after.
template <class Run>
PartResults differentiated(const WatchedCall& call, const std::vector<Tensor>& parameters, at::ScalarType type,
                           const Run& run) {
  const at::AutoGradMode with_gradient(true);
  LocalGraph graph;
  graph.parameters(parameters);
  const auto x = graph.leaf(call.input.rows.to(type));
  State state;
  for (const auto& part : call.before) state.push_back(graph.leaf(part.to(type)));
  const auto rows = run(x, state);
  const auto reach = [&](const Tensor& output, const Tensor& gradient) {
    graph.add_output(output, gradient.defined() ? gradient.to(type) : gradient);
  };
  reach(rows, call.rows_gradient);
  for (size_t part = 0; part < state.size(); ++part) reach(state[part], call.state_gradient[part]);
  PartResults results{.outputs = {rows.detach()}, .gradients = {}, .parameters = {}};
  for (const auto& part : state) results.outputs.push_back(part.detach());
  graph.backward();
  for (size_t leaf = 0; leaf <= call.before.size(); ++leaf) results.gradients.push_back(graph.gradient(leaf));
  results.parameters = graph.parameter_gradients();
  return results;
}

/// Computes losses and gradients of some rows.
PartResults losses_of(const std::vector<Tensor>& parameters, const Tensor& rows, const Ids& targets,
                      const LossSpec& spec) {
  LocalGraph graph;
  graph.parameters(parameters);
  const auto x = graph.leaf(rows.to(parameters[0].scalar_type()));
  const auto z = at::linear(x, parameters[0], parameters.size() > 1 ? std::optional(parameters[1]) : std::nullopt);
  const auto losses = at::cross_entropy_loss(z, targets, /*weight=*/{}, at::Reduction::None, /*ignore_index=*/-100,
                                             spec.label_smoothing);
  graph.add_output(losses, spec.row_scale.to(losses.scalar_type()));
  graph.backward();
  return {.outputs = {losses.detach()}, .gradients = {graph.gradient(0)}, .parameters = graph.parameter_gradients()};
}

Tensor in_double(const Tensor& tensor, const Tensor& like) {
  return tensor.defined() ? tensor.to(at::kDouble) : at::zeros_like(like, at::kDouble);
}

std::vector<int64_t> index_of(int64_t number, at::IntArrayRef sizes) {
  std::vector<int64_t> at(sizes.size());
  for (size_t dimension = sizes.size(); dimension-- > 0; number /= sizes[dimension])
    at[dimension] = number % sizes[dimension];
  return at;
}

}  // namespace

PartResults by_layer(const LayerWatch& layer, const WatchedCall& call) {
  const auto run = [&](const Tensor& x, State& state) { return layer.layer->run(call.input.with(x), state, {}).rows; };
  return differentiated(call, layer.parameters, layer.layer->place().type, run);
}

PartResults by_libtorch(const LayerWatch& layer, const WatchedCall& call, at::ScalarType type) {
  const auto& layout = *call.input.layout;
  const auto order = layout.order();
  const auto parameters = copies(layer.parameters, type);
  const auto run = [&](const Tensor& x, State& state) {
    const std::vector<Tensor> first{state[0].index_select(0, order).unsqueeze(0),
                                    state[1].index_select(0, order).unsqueeze(0)};  // [1, S, H]
    const auto [rows, h, c] = at::lstm(x, at::tensor(layout.running), first, parameters, /*has_biases=*/true,
                                       /*num_layers=*/1, /*dropout=*/0.0, /*train=*/true, /*bidirectional=*/false);
    state = {state[0].index_copy(0, order, h[0]), state[1].index_copy(0, order, c[0])};
    return rows;
  };
  return differentiated(call, parameters, type, run);
}

PartResults by_layer(const OutputLayer& output, const OutputCall& call) {
  const at::AutoGradMode with_gradient(true);
  LocalGraph graph;
  graph.parameters(parameters_used(output));
  const auto x = graph.leaf(call.rows.rows);
  const auto losses = output.loss({.rows = x, .attention = {}}, call.targets, call.spec);
  graph.add_output(losses, call.spec.row_scale);
  graph.backward();
  return {.outputs = {losses.detach()}, .gradients = {graph.gradient(0)}, .parameters = graph.parameter_gradients()};
}

PartResults by_libtorch(const std::vector<Tensor>& parameters, const OutputCall& call, at::ScalarType type) {
  const at::AutoGradMode with_gradient(true);
  constexpr int64_t most_logits = int64_t{1} << 24;
  const auto own = copies(parameters, type);
  const int64_t rows = call.targets.size(0), step = std::max<int64_t>(1, most_logits / own[0].size(0));
  PartResults all{.outputs = {}, .gradients = {}, .parameters = std::vector<Tensor>(own.size())};
  for (int64_t first = 0; first < rows; first += step) {
    const auto part = [&](const Tensor& whole) { return whole.narrow(0, first, std::min(step, rows - first)); };
    const auto made = losses_of(own, part(call.rows.rows), part(call.targets),
                                {.label_smoothing = call.spec.label_smoothing, .row_scale = part(call.spec.row_scale)});
    all.outputs.push_back(made.outputs[0]);
    all.gradients.push_back(made.gradients[0]);
    add_each(all.parameters, made.parameters);
  }
  all.outputs = {at::cat(all.outputs)};
  all.gradients = {at::cat(all.gradients)};
  return all;
}

Difference difference_of(const Tensor& found, const Tensor& exact) {
  const auto wanted = in_double(exact, found), difference = (in_double(found, wanted) - wanted).abs();
  check_shape(in_double(found, wanted), wanted.sizes(), "results to compare");
  if (wanted.numel() == 0) return {};
  const auto number = difference.argmax().item<int64_t>();  // a NaN counts as the largest
  Difference result{.largest = difference.flatten()[number].item<double>(), .at = index_of(number, wanted.sizes())};
  const double size = wanted.abs().max().item<double>();
  result.relative = result.largest == 0 ? 0 : result.largest / size;
  if (!std::isfinite(result.relative)) result.relative = std::numeric_limits<double>::infinity();
  return result;
}

}  // namespace seq2seq::nn
