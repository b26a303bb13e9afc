#include "seq2seq/run/kernel_check/kernel_check.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <fmt/format.h>

#include "seq2seq/nn/output/full.h"
#include "seq2seq/nn/output/tiled_cross_entropy.h"

namespace seq2seq::run {
namespace {

using at::Tensor;
using nn::Difference;

/// The name of a tensor in messages, and the meaning of its first dimension.
struct TensorName {
  enum class Of { rows, sentences, parameter, words };
  std::string name;
  Of of = Of::rows;
  std::shared_ptr<const nn::Layout> layout{};  // layout of the rows
  int64_t first_step = 0;                      // first step of the layout, among the steps of the batch

  /// Returns `rows, step 12, sentence 3, number 200`, counted from 1.
  std::string place(const Difference& difference) const;
  /// Returns the step of the batch, counted from 1; no value if there are no steps.
  std::optional<int64_t> step(const Difference& difference) const;
};
using Of = TensorName::Of;

std::optional<int64_t> TensorName::step(const Difference& difference) const {
  if (of != Of::rows || difference.at.empty()) return std::nullopt;
  int64_t row = difference.at[0];
  const auto& running = layout->running;
  const auto here = std::ranges::find_if(running, [&row](int64_t sentences) { return (row -= sentences) < 0; });
  return first_step + std::distance(running.begin(), here) + 1;
}

std::string TensorName::place(const Difference& difference) const {
  const auto& at = difference.at;
  if (at.empty()) return name;
  const auto column = [&](const char* what) { return at.size() > 1 ? fmt::format(", {} {}", what, at[1] + 1) : ""; };
  switch (of) {
    case Of::rows: {
      const int64_t sentence = layout->owner[at[0]].item<int64_t>();
      return fmt::format("{}, step {}, sentence {}{}", name, *step(difference), sentence + 1, column("number"));
    }
    case Of::sentences:
      return fmt::format("{}, sentence {}{}", name, at[0] + 1, column("number"));
    case Of::words:
      return fmt::format("{}, word {}{}", name, at[0] + 1, column("number"));
    case Of::parameter:
      break;
  }
  return fmt::format("{}, row {}{}", name, at[0] + 1, column("column"));
}

/// The names of all tensors in nn::PartResults.
struct ResultNames {
  std::vector<TensorName> outputs, gradients, parameters;
};

/// The same results by our kernels, and by LibTorch in double and in the checked precision.
struct Three {
  nn::PartResults ours, exact, libtorch;
};

KernelDifference largest_difference(const std::string& what, const std::vector<TensorName>& names, const Three& three,
                                    std::vector<Tensor> nn::PartResults::*group) {
  KernelDifference found;
  found.what = what;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto &ours = (three.ours.*group).at(i), &exact = (three.exact.*group).at(i);
    if (!ours.defined() && !exact.defined()) continue;
    found.of_libtorch = std::max(found.of_libtorch, nn::difference_of((three.libtorch.*group).at(i), exact).relative);
    const auto here = nn::difference_of(ours, exact);
    if (here.relative <= found.relative) continue;
    found.difference = here.largest;
    found.relative = here.relative;
    found.where = names[i].place(here);
    found.step = names[i].step(here);
  }
  return found;
}

std::vector<KernelDifference> differences_of(const std::string& part, const ResultNames& names, const Three& three) {
  std::vector<KernelDifference> all{
      largest_difference("outputs", names.outputs, three, &nn::PartResults::outputs),
      largest_difference("gradients", names.gradients, three, &nn::PartResults::gradients),
      largest_difference("gradients of parameters", names.parameters, three, &nn::PartResults::parameters)};
  std::erase_if(all, [](const auto& each) { return each.relative < 0; });
  for (auto& each : all) each.part = part;
  return all;
}

ResultNames result_names(const nn::WatchedCall& call) {
  const auto rows = [&](const char* name) {
    return TensorName{.name = name, .layout = call.input.layout, .first_step = call.first_step};
  };
  const auto states = [](const char* name) { return TensorName{.name = name, .of = Of::sentences}; };
  const auto parameter = [](const char* name) { return TensorName{.name = name, .of = Of::parameter}; };
  return {.outputs = {rows("rows"), states("last h"), states("last c")},
          .gradients = {rows("input"), states("first h"), states("first c")},
          .parameters = {parameter("weight_ih"), parameter("weight_hh"), parameter("bias_ih"), parameter("bias_hh")}};
}

/// Returns `encoder.lstm layer 1`, or `encoder.lstm layer 1, backward`; empty if it is not a layer of the model.
std::string name_of_layer(const nn::LayerWatch& layer, const nn::Model& model) {
  for (const auto& item : model.named_parameters()) {
    if (!item.value().is_same(layer.parameters.front())) continue;
    const auto& name = item.key();  // encoder.lstm.weight_ih_l0_reverse
    const auto number = name.rfind("_l") + 2;
    return fmt::format("{} layer {}{}", name.substr(0, name.rfind('.')), std::stoi(name.substr(number)) + 1,
                       name.ends_with("_reverse") ? ", backward" : "");
  }
  return "";
}

/// Returns the reason why our kernels do not compute a layer, or an empty string.
std::string why_not_compared(const nn::LayerWatch& layer) {
  return layer.kind == "lstm" ? "" : fmt::format("layers of kind `{}` use LibTorch's operators", layer.kind);
}

std::string why_not_compared(const nn::OutputLayer& output) {
  if (dynamic_cast<const nn::FullOutput*>(&output) == nullptr || output.copies() || output.estimates_loss())
    return "only a full output layer has kernels of its own";
  const auto weight = nn::parameters_used(output).front();
  return nn::has_tiled_cross_entropy(weight, weight) ? "" : "it uses LibTorch's operators here";
}

}  // namespace

double kernel_bound(nn::Precision precision) { return precision == nn::Precision::bf16 ? 0.05 : 2e-5; }

KernelCheck::KernelCheck(nn::Model& model, const nn::LayerWatches& watches, nn::Precision precision)
    : model_(model), type_(precision == nn::Precision::bf16 ? at::kBFloat16 : at::kFloat) {
  const auto note = [this](const std::string& part, const std::string& why) {
    if (!why.empty()) comparison_.not_compared.push_back({part, why});
  };
  for (const auto& watch : watches) {
    const auto name = name_of_layer(*watch, model);
    if (name.empty()) continue;  // a layer of an outline
    note(name, why_not_compared(*watch));
    layers_.push_back({name, watch});
  }
  if (layers_.empty()) note("layers", "only recurrent layers have kernels to compare");
  if (model.attends()) note("attention", "the tests compare its kernels");
  note("output layer", why_not_compared(model.output()));
}

void KernelCheck::add(const data::Batch& batch, const Tensor& row_scale, double label_smoothing) {
  for (const auto& layer : layers_) layer.watch->calls.clear();
  const at::AutoGradMode with_gradient(true);
  const auto memory = model_.encode(batch.source, /*draw=*/nullptr);
  const auto state = model_.start(memory, at::arange(batch.sentences(), batch.source.rows.options()));
  const auto features = model_.advance(batch.inputs, *state, /*draw=*/nullptr);
  const nn::LossSpec spec{.label_smoothing = label_smoothing, .row_scale = row_scale};
  model_.output().loss(features, batch.targets.rows, spec).backward(row_scale);
  for (const auto& parameter : model_.parameters()) parameter.mutable_grad().reset();
  for (const auto& layer : layers_)
    if (why_not_compared(*layer.watch).empty()) check_layer(layer);
  if (why_not_compared(model_.output()).empty())
    check_output({.rows = batch.targets.with(features.rows.detach()), .targets = batch.targets.rows, .spec = spec});
}

void KernelCheck::check_layer(const Named& layer) {
  for (const auto& call : layer.watch->calls) {
    const Three three{.ours = nn::by_layer(*layer.watch, *call),
                      .exact = nn::by_libtorch(*layer.watch, *call, at::kDouble),
                      .libtorch = nn::by_libtorch(*layer.watch, *call, type_)};
    for (auto& found : differences_of(layer.name, result_names(*call), three)) note(std::move(found));
  }
}

void KernelCheck::check_output(const nn::OutputCall& call) {
  const auto parameters = nn::parameters_used(model_.output());
  const auto rows = [&](const char* name) { return TensorName{.name = name, .layout = call.rows.layout}; };
  ResultNames names{
      .outputs = {rows("losses")}, .gradients = {rows("rows")}, .parameters = {{.name = "weight", .of = Of::words}}};
  if (parameters.size() > 1) names.parameters.push_back({.name = "bias", .of = Of::words});
  const Three three{.ours = nn::by_layer(model_.output(), call),
                    .exact = nn::by_libtorch(parameters, call, at::kDouble),
                    .libtorch = nn::by_libtorch(parameters, call, type_)};
  for (auto& found : differences_of("output layer", names, three)) note(std::move(found));
}

void KernelCheck::note(KernelDifference found) {
  auto& all = comparison_.differences;
  const auto known =
      std::ranges::find_if(all, [&](const auto& each) { return each.part == found.part && each.what == found.what; });
  if (known == all.end()) return all.push_back(std::move(found));
  found.of_libtorch = std::max(found.of_libtorch, known->of_libtorch);
  if (found.relative > known->relative) {
    *known = std::move(found);
  } else {
    known->of_libtorch = found.of_libtorch;
  }
}

}  // namespace seq2seq::run
