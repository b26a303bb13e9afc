#pragma once

#include "seq2seq/nn/kernels/recurrence/block.h"
#include "seq2seq/nn/kernels/recurrence/recurrence.h"

namespace seq2seq::nn::kernels {

/// Puts the block's weights into its memory, [cell][term][gate]: a warp has one cell and reads its four gates at once.
template <class Team>
constexpr void load_weights(const LstmRecurrence& pass, const BlockPlace& place, const BlockMemory& memory,
                            Team& team) {
  team.each([&](int thread, auto&) {
    for (int64_t i = thread; i < panel_floats(pass.width); i += recurrence_threads) {
      const int64_t gate = i % 4, term = i / 4 % pass.width, cell = place.first_cell + i / 4 / pass.width;
      memory.panel[i] = cell < pass.width ? pass.weight[(gate * pass.width + cell) * pass.width + term] : 0;
    }
  });
}

/// Gates, c and h of a thread's rows, whose sums over the terms are complete.
template <int RowsALane, class Math>
constexpr void activate(const LstmRecurrence& pass, const BlockPlace& place, int64_t step, int64_t first_sentence,
                        const Sums<RowsALane>& sums, int thread, const Math& math) {
  const int64_t width = pass.width, cell = place.first_cell + warp_of(thread), offset = pass.offsets[step];
  const int64_t own = place.own(pass.offsets[step + 1] - offset);
  if (cell >= width) return;
  for (int r = 0; r < RowsALane; ++r) {
    const int64_t i = first_sentence + lane_of(thread) + int64_t{lanes} * r;
    if (i >= own) return;
    const int64_t sentence = place.sentence(i), row = offset + sentence;
    float* const gates = pass.gates + row * 4 * width + cell;
    const float in = sigmoid(gates[0] + sums.of[0][r], math), forget = sigmoid(gates[width] + sums.of[1][r], math);
    const float candidate = math.tanh(gates[2 * width] + sums.of[2][r]);
    const float out = sigmoid(gates[3 * width] + sums.of[3][r], math);
    const float before =
        step == 0 ? pass.cell[sentence * width + cell] : pass.cells[(pass.offsets[step - 1] + sentence) * width + cell];
    const float next = forget * before + in * candidate;
    gates[0] = in;
    gates[width] = forget;
    gates[2 * width] = candidate;
    gates[3 * width] = out;
    pass.cells[row * width + cell] = next;
    pass.rows[row * width + cell] = out * math.tanh(next);
  }
}

/// One step. The blocks of the group must have made the step before it.
template <int RowsALane, class Team, class Math>
constexpr void run_step(const LstmRecurrence& pass, const BlockPlace& place, const BlockMemory& memory, int64_t step,
                        Team& team, const Math& math) {
  const int64_t own = place.own(pass.offsets[step + 1] - pass.offsets[step]);
  const FactorRows hidden{.rows = step == 0 ? pass.hidden : pass.rows,
                          .first = step == 0 ? 0 : pass.offsets[step - 1],
                          .count = own,
                          .width = pass.width};
  for (int64_t sentence = 0; sentence < own; sentence += int64_t{lanes} * RowsALane) {
    team.each([&](int, auto& sums) { clear(sums); });
    for (int64_t term = 0; term < pass.width; term += chunk_terms) {
      team.each([&](int thread, auto&) { stage<RowsALane>(hidden, place, sentence, term, memory.tile, thread, math); });
      const int64_t terms = pass.width - term < chunk_terms ? pass.width - term : chunk_terms;
      team.each([&](int thread, auto& sums) {
        const auto* const weights = memory.panel + (warp_of(thread) * pass.width + term) * 4;
        add_products(weights, 4, memory.tile, terms, lane_of(thread), sums);
      });
    }
    team.each([&](int thread, auto& sums) { activate(pass, place, step, sentence, sums, thread, math); });
  }
}

/// Steps in the order in which they run.
constexpr int64_t turns(const LstmRecurrence& pass) { return pass.steps; }
constexpr int64_t step_of(const LstmRecurrence&, int64_t turn) { return turn; }

}  // namespace seq2seq::nn::kernels
