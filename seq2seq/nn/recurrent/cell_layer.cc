#include "seq2seq/nn/recurrent/cell_layer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_select.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

namespace seq2seq::nn {
namespace {

/// Returns the states of the sentences that have a row, in sorted order.
State gathered(const State& state, const Layout& layout) {
  if (layout.in_order && layout.running.front() == layout.sentences) return state;
  State sorted;
  for (const auto& part : state) sorted.push_back(part.index_select(0, layout.order()));
  return sorted;
}

/// Writes them back.
void scatter(const State& sorted, const Layout& layout, State& state) {
  const bool all = layout.in_order && layout.running.front() == layout.sentences;
  for (size_t part = 0; part < state.size(); ++part)
    state[part] = all ? sorted[part] : state[part].index_copy(0, layout.order(), sorted[part]);
}

std::shared_ptr<const CellPrepared> prepared_once(const Cell& cell) {
  auto prepared = std::make_shared<CellPrepared>();
  prepared->panels = cell.panels(/*both_ways=*/false);
  return prepared;
}

std::shared_ptr<const CellPrepared> prepared_for_steps(const std::shared_ptr<const Cell>& cell) {
  auto prepared = std::make_shared<CellPrepared>();
  prepared->panels = cell->panels(/*both_ways=*/true);
  prepared->deferred = defer_weight_gradients(cell);
  return prepared;
}

/// Prepares a cell for many calls in the current gradient mode.
std::shared_ptr<const CellPrepared> prepared_for_calls(const std::shared_ptr<const Cell>& cell) {
  return c10::GradMode::is_enabled() ? prepared_for_steps(cell) : prepared_once(*cell);
}

/// Null if nothing is prepared.
const CellPrepared* prepared_of(const LayerCall& call) {
  return call.prepared == nullptr ? nullptr : &dynamic_cast<const CellPrepared&>(*call.prepared);
}

}  // namespace

/// A cell with the weights left by a draw, and the data prepared for it.
struct DroppedCell {
  Draw draw;
  bool keeps_gradients = false;
  std::shared_ptr<const Cell> cell;
  std::shared_ptr<const CellPrepared> prepared;  // null if it serves one call
};

ParameterPlace CellLayer::place() const {
  const auto weight = cell_->parameters().front();
  return {.device = weight.device(), .type = weight.scalar_type()};
}

std::shared_ptr<const PreparedWeights> CellLayer::prepare() const { return prepared_once(*cell_); }

std::shared_ptr<const PreparedWeights> CellLayer::prepare_steps() const { return prepared_for_steps(cell_); }

Packed CellLayer::run(const Packed& chunk, State& state, const LayerCall& call) const {
  const auto& layout = *chunk.layout;
  check_shape(chunk.rows, {layout.rows(), cell_->parameters().front().size(1)}, "rows for " + name_ + " [N, I]");
  const auto shape = state_shape();
  for (size_t part = 0; part < shape.size(); ++part)
    check_shape(state.at(part), {chunk.sentences(), shape[part].width},
                fmt::format("state {} of {} [B, {}]", shape[part].name, name_, shape[part].width));
  if (layout.steps() == 0) return chunk.with(chunk.rows.new_zeros({0, width()}));
  const auto before = gathered(state, layout);
  const auto dropped = noise_.drops_weights(call.draw) ? dropped_cell(call) : nullptr;
  const auto& cell = dropped != nullptr ? dropped->cell : cell_;
  const auto* prepared = dropped != nullptr ? dropped->prepared.get() : prepared_of(call);
  std::shared_ptr<const CellPrepared> own;  // step by step, all steps share the prepared data
  if (noise_.acts_on_steps(call.draw) && prepared == nullptr) prepared = (own = prepared_for_calls(cell)).get();
  const auto result =
      noise_.acts_on_steps(call.draw)
          ? run_with_noise(cell, {.chunk = chunk, .before = before, .site = call.site, .draw = call.draw}, noise_,
                           *prepared)
          : run_cell(cell, chunk.rows, before, layout.running, prepared);
  scatter(result.last, layout, state);
  return chunk.with(result.rows);
}

/// Calls with the same prepared data also share the weights that are left, provided that one backward pass covers
/// either all of them or none.
std::shared_ptr<const DroppedCell> CellLayer::dropped_cell(const LayerCall& call) const {
  const auto* given = prepared_of(call);
  const bool keeps_gradients = c10::GradMode::is_enabled();
  const bool shared = given != nullptr && (given->deferred != nullptr || !keeps_gradients);
  if (shared && given->dropped != nullptr && given->dropped->keeps_gradients == keeps_gradients &&
      given->dropped->draw.seed == call.draw->seed && given->dropped->draw.update == call.draw->update)
    return given->dropped;
  const auto mask = recurrent_weight_mask(of_weights_.hidden, noise_.weights, call.site, *call.draw);
  const auto cell = of_weights_.make(of_weights_.hidden * mask);
  auto made = std::make_shared<DroppedCell>(
      DroppedCell{*call.draw, keeps_gradients, cell, shared ? prepared_for_calls(cell) : nullptr});
  if (shared) given->dropped = made;
  return made;
}

}  // namespace seq2seq::nn
