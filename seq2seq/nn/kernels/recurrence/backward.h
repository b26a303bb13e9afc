#pragma once

#include "seq2seq/nn/kernels/recurrence/block.h"
#include "seq2seq/nn/kernels/recurrence/recurrence.h"

namespace seq2seq::nn::kernels {

/// Puts the block's columns of the weights into its memory, [term][cell]: the terms are the 4H gates' sums.
template <class Team>
constexpr void load_weights(const LstmRecurrenceBackward& pass, const BlockPlace& place, const BlockMemory& memory,
                            Team& team) {
  team.each([&](int thread, auto&) {
    for (int64_t i = thread; i < panel_floats(pass.width); i += recurrence_threads) {
      const int64_t term = i / block_cells, cell = place.first_cell + i % block_cells;
      memory.panel[i] = cell < pass.width ? pass.weight[term * pass.width + cell] : 0;
    }
  });
}

/// The gradient of h of a sentence at a step: through the step after it or, if that has no row of the sentence, from
/// outside. `passed`: the sentences of the group that the step after has.
template <int RowsALane>
constexpr float output_gradient(const LstmRecurrenceBackward& pass, const BlockMemory& memory, int64_t at, bool passed,
                                int cell, int row) {
  if (!passed) return pass.hidden[at];
  float sum = 0;
  for (int split = 0; split < sum_splits; ++split)
    sum += memory.parts[(split * block_cells + cell) * lanes * RowsALane + row];
  return sum;
}

/// The derivatives of the gates' sums of a thread's rows at a step, and the gradient of the cells before it. Before the
/// first step, step -1, the gradient of h is the result.
template <int RowsALane, class Math>
constexpr void differentiate(const LstmRecurrenceBackward& pass, const BlockPlace& place, const BlockMemory& memory,
                             int64_t step, int64_t first_sentence, int64_t passed, int thread, const Math& math) {
  const int64_t width = pass.width, cell = place.first_cell + warp_of(thread);
  const int64_t offset = step < 0 ? 0 : pass.offsets[step];
  const int64_t own = step < 0 ? passed : place.own(pass.offsets[step + 1] - offset);
  if (cell >= width) return;
  for (int r = 0; r < RowsALane; ++r) {
    const int64_t i = first_sentence + lane_of(thread) + int64_t{lanes} * r;
    if (i >= own) return;
    const int64_t sentence = place.sentence(i), row = offset + sentence, at = sentence * width + cell;
    const float to_state =
        output_gradient<RowsALane>(pass, memory, at, i < passed, warp_of(thread), lane_of(thread) + lanes * r);
    if (step < 0) {
      pass.hidden[at] = to_state;
      continue;
    }
    const float to_hidden = to_state + (pass.from_above == nullptr ? 0 : pass.from_above[row * width + cell]);
    const float* const gates = pass.gates + row * 4 * width + cell;
    const float in = gates[0], forget = gates[width], candidate = gates[2 * width], out = gates[3 * width];
    const float before =
        step == 0 ? pass.cell_before[at] : pass.cells[(pass.offsets[step - 1] + sentence) * width + cell];
    const float curved = math.tanh(pass.cells[row * width + cell]);
    const float to_cell = pass.cell[at] + to_hidden * out * (1 - curved * curved);
    float* const sums = pass.sums + row * 4 * width + cell;
    sums[0] = to_cell * candidate * in * (1 - in);
    sums[width] = to_cell * before * forget * (1 - forget);
    sums[2 * width] = to_cell * in * (1 - candidate * candidate);
    sums[3 * width] = to_hidden * curved * out * (1 - out);
    pass.cell[at] = to_cell * forget;
  }
}

/// One step, or -1 for the state before the first. The blocks of the group must have made the step after it. Each sum
/// over 4H terms is made in `sum_splits` parts, a chunk's terms dealt out to them, and always added up in one order.
template <int RowsALane, class Team, class Math>
constexpr void run_step(const LstmRecurrenceBackward& pass, const BlockPlace& place, const BlockMemory& memory,
                        int64_t step, Team& team, const Math& math) {
  constexpr int rows = lanes * RowsALane, split_terms = chunk_terms / sum_splits, halves = block_cells / 4;
  const int64_t next = step + 1, terms = 4 * pass.width;
  const int64_t passed = next < pass.steps ? place.own(pass.offsets[next + 1] - pass.offsets[next]) : 0;
  const int64_t own = step < 0 ? passed : place.own(pass.offsets[step + 1] - pass.offsets[step]);
  const FactorRows later{
      .rows = pass.sums, .first = next < pass.steps ? pass.offsets[next] : 0, .count = passed, .width = terms};
  for (int64_t sentence = 0; sentence < own; sentence += rows) {
    team.each([&](int, auto& sums) { clear(sums); });
    for (int64_t term = 0; term < terms && sentence < passed; term += chunk_terms) {
      team.each([&](int thread, auto&) { stage<RowsALane>(later, place, sentence, term, memory.tile, thread, math); });
      team.each([&](int thread, auto& sums) {
        const int split = warp_of(thread) / halves, half = warp_of(thread) % halves;
        const int64_t first = int64_t{split} * split_terms, left = terms - term - first;
        add_products(memory.panel + (term + first) * block_cells + 4 * half, block_cells,
                     memory.tile + first * tile_stride(RowsALane), left < split_terms ? left : split_terms,
                     lane_of(thread), sums);
      });
    }
    team.each([&](int thread, auto& sums) {
      const int split = warp_of(thread) / halves, half = warp_of(thread) % halves;
      for (int n = 0; n < 4; ++n)
        for (int r = 0; r < RowsALane; ++r)
          memory.parts[(split * block_cells + 4 * half + n) * rows + lane_of(thread) + lanes * r] = sums.of[n][r];
    });
    team.each([&](int thread, auto&) {
      differentiate<RowsALane>(pass, place, memory, step, sentence, passed, thread, math);
    });
  }
}

/// The last step first; then the gradient of the state before the first.
constexpr int64_t turns(const LstmRecurrenceBackward& pass) { return pass.steps + 1; }
constexpr int64_t step_of(const LstmRecurrenceBackward& pass, int64_t turn) { return pass.steps - 1 - turn; }

}  // namespace seq2seq::nn::kernels
