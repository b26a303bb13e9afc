#include "seq2seq/nn/recurrent/cell_layer.h"

#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_select.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

namespace seq2seq::nn {
namespace {

/// The states of the sentences that have a row, in sorted order.
State gathered(const State& state, const Layout& layout) {
  if (layout.in_order && layout.running.front() == layout.sentences) return state;
  State sorted;
  for (const auto& part : state) sorted.push_back(part.index_select(0, layout.order()));
  return sorted;
}

/// Puts them back.
void scatter(const State& sorted, const Layout& layout, State& state) {
  const bool all = layout.in_order && layout.running.front() == layout.sentences;
  for (size_t part = 0; part < state.size(); ++part)
    state[part] = all ? sorted[part] : state[part].index_copy(0, layout.order(), sorted[part]);
}

/// Null: nothing is.
const CellPrepared* prepared_of(const LayerCall& call) {
  return call.prepared == nullptr ? nullptr : &dynamic_cast<const CellPrepared&>(*call.prepared);
}

}  // namespace

ParameterPlace CellLayer::place() const {
  const auto weight = cell_->parameters().front();
  return {.device = weight.device(), .type = weight.scalar_type()};
}

std::shared_ptr<const PreparedWeights> CellLayer::prepare() const {
  auto prepared = std::make_shared<CellPrepared>();
  prepared->panels = cell_->panels(/*both_ways=*/false);
  return prepared;
}

std::shared_ptr<const PreparedWeights> CellLayer::prepare_steps() const {
  auto prepared = std::make_shared<CellPrepared>();
  prepared->panels = cell_->panels(/*both_ways=*/true);
  prepared->deferred = defer_weight_gradients(cell_);
  return prepared;
}

Packed CellLayer::run(const Packed& chunk, State& state, const LayerCall& call) const {
  const auto& layout = *chunk.layout;
  check_shape(chunk.rows, {layout.rows(), cell_->parameters().front().size(1)}, "rows for " + name_ + " [N, I]");
  const auto shape = state_shape();
  for (size_t part = 0; part < shape.size(); ++part)
    check_shape(state.at(part), {chunk.sentences(), shape[part].width},
                fmt::format("state {} of {} [B, {}]", shape[part].name, name_, shape[part].width));
  if (layout.steps() == 0) return chunk.with(chunk.rows.new_zeros({0, width()}));
  const auto before = gathered(state, layout);
  const auto result = noise_.acts(call.draw) ? run_noisy(chunk, before, call)
                                             : run_cell(cell_, chunk.rows, before, layout.running, prepared_of(call));
  scatter(result.last, layout, state);
  return chunk.with(result.rows);
}

CellOutput CellLayer::run_noisy(const Packed& chunk, const State& before, const LayerCall& call) const {
  // Step by step: what is prepared serves all steps.
  const auto own = call.prepared != nullptr ? nullptr : c10::GradMode::is_enabled() ? prepare_steps() : prepare();
  const auto& prepared = dynamic_cast<const CellPrepared&>(own != nullptr ? *own : *call.prepared);
  return run_with_noise(cell_, {.chunk = chunk, .before = before, .site = call.site, .draw = call.draw}, noise_,
                        prepared);
}

}  // namespace seq2seq::nn
