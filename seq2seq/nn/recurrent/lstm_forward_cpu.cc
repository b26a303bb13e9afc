#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "seq2seq/nn/kernels/lstm/step.h"
#include "seq2seq/nn/kernels/operand_type.h"
#include "seq2seq/nn/kernels/product/product.h"
#include "seq2seq/nn/recurrent/lstm_pass.h"
#include "seq2seq/nn/recurrent/team.h"

namespace seq2seq::nn {
namespace {

using kernels::Cells;

/// Returns the start of the panel of the input's weight with this cell, the first of its panel, gate by gate.
int64_t panel_offset(const kernels::ProductKernels& product, int64_t input, int64_t cells, int64_t gate, int64_t cell) {
  return (gate * product.panels(cells) + cell / product.columns) * product.columns * input;
}

class Forward {
 public:
  Forward(const LstmForward& pass, const Steps& steps)
      : steps_(steps),
        size_(pass, steps),
        x_(pass.x.const_data_ptr<float>()),
        hidden_(pass.hidden.const_data_ptr<float>()),
        cell_(pass.cell.const_data_ptr<float>()),
        input_(pass.weights.input.const_data_ptr<float>()),
        weight_(pass.weights.hidden.const_data_ptr<float>()),
        bias_(pass.weights.input_bias + pass.weights.hidden_bias),
        gates_(pass.gates.data_ptr<float>()),
        cells_(pass.cells.data_ptr<float>()),
        rows_(pass.rows.data_ptr<float>()),
        panels_(pass.panels.hidden.defined() ? pass.panels.input.const_data_ptr<float>() : nullptr),
        packed_(pass.panels.hidden.defined() ? pass.panels.hidden
                                             : at::empty({lstm_.packed_size(size_.cells)}, at::kFloat)),
        share_(panels_ == nullptr ? lstm_.share : product_.columns),  // a panel is one thread's
        parts_(size_.parts(steps_, share_)),
        scratch_(
            at::empty({panels_ == nullptr ? room_of({size_.cells, size_.cells}, team_size(parts_)) * panel_size() : 0},
                      at::kFloat)) {}

  void run() {
    run_on_threads(parts_, [&](Member member) {
      const auto [first, last] = member.part(size_.cells, share_);
      const Cells own{first, last};
      input_product(
          own, panels_ == nullptr ? packed_input(own, member) : InputPanels{panels_, product_.panels(size_.cells), 0});
      recurrence(own);
    });
  }

 private:
  /// Panels of the input's weight, gate by gate.
  struct InputPanels {
    const float* first;
    int64_t of_gate;    // panels of a gate
    int64_t from_cell;  // the first cell of `first`; 0 where panels of all cells are there
  };

  int64_t panel_size() const { return size_.input * product_.columns; }
  /// Returns the number of panels in `scratch_` before those of a member. Each member has room for one more in each
  /// gate than its cells fill: its first and last panel may be shorter than others.
  int64_t room_of(Cells own, int64_t thread) const { return 4 * (own.first / product_.columns + thread); }

  /// Makes the panels of a member's cells.
  InputPanels packed_input(Cells own, Member member) {
    auto* const first = scratch_.data_ptr<float>() + room_of(own, member.thread) * panel_size();
    auto* panel = first;
    for (int64_t gate = 0; gate < 4; ++gate) {
      for (int64_t cell = own.first; cell < own.last; cell += product_.columns, panel += panel_size()) {
        product_.pack_transposed(input_ + (gate * size_.cells + cell) * size_.input, size_.input, size_.input,
                                 std::min(product_.columns, own.last - cell), panel);
      }
    }
    return {first, product_.panels(own.last - own.first), own.first};
  }

  /// The inputs' share of the sums. Some rows at a time, so that they are read from memory once for all gates.
  void input_product(Cells own, const InputPanels& panels) {
    constexpr int64_t block = 48;
    if (own.first == own.last) return;
    for (int64_t row = 0; row < size_.rows; row += block) {
      for (int64_t gate = 0; gate < 4; ++gate) {
        const int64_t column = gate * size_.cells + own.first;
        const int64_t panel = gate * panels.of_gate + (own.first - panels.from_cell) / product_.columns;
        product_.multiply({.left = x_ + row * size_.input,
                           .row_stride = size_.input,
                           .depth_stride = 1,
                           .panel = panels.first + panel * panel_size(),
                           .start = bias_.const_data_ptr<float>() + column,
                           .start_stride = 0,
                           .out = gates_ + row * size_.gates + column,
                           .out_stride = size_.gates,
                           .rows = std::min(block, size_.rows - row),
                           .depth = size_.input,
                           .columns = own.last - own.first,
                           .panel_stride = panel_size()});
      }
    }
  }

  void recurrence(Cells own) {
    auto* const packed = packed_.data_ptr<float>();
    if (panels_ == nullptr) lstm_.pack(weight_, size_.cells, own, packed);
    const float *hidden = hidden_, *cell = cell_;
    for (int64_t step = 0; step < steps_.count(); ++step) {
      const int64_t at = steps_.offset(step) * size_.cells;
      lstm_.forward({.hidden_before = hidden,
                     .cell_before = cell,
                     .gates = gates_ + 4 * at,
                     .cell = cells_ + at,
                     .hidden = rows_ + at,
                     .rows = steps_.sentences(step),
                     .cells = size_.cells},
                    packed, own);
      hidden = rows_ + at;
      cell = cells_ + at;
#pragma omp barrier  // the next step reads h of all cells
    }
  }

  const kernels::LstmKernels lstm_ = kernels::lstm_kernels(best_isa(), kernels::operands_now());
  const kernels::ProductKernels product_ = kernels::product_kernels(best_isa(), kernels::operands_now());
  const Steps& steps_;
  LstmSizes size_;
  const float *x_, *hidden_, *cell_, *input_, *weight_;
  at::Tensor bias_;
  float *gates_, *cells_, *rows_;
  const float* panels_;  // of the input's weight; null: each is made when it is needed
  at::Tensor packed_;
  int64_t share_, parts_;
  at::Tensor scratch_;  // panels of the input's weight for each thread
};

}  // namespace

LstmPanels lstm_panels_cpu(const LstmWeights& weights) {
  const auto lstm = kernels::lstm_kernels(best_isa(), kernels::operands_now());
  const auto product = kernels::product_kernels(best_isa(), kernels::operands_now());
  const int64_t cells = weights.hidden.size(1), input = weights.input.size(1);
  const LstmPanels made{.input = at::empty({panel_offset(product, input, cells, 4, 0)}, at::kFloat),
                        .hidden = at::empty({lstm.packed_size(cells)}, at::kFloat),
                        .input_backward = {},
                        .hidden_backward = {}};
  const auto *from_input = weights.input.const_data_ptr<float>(), *from_hidden = weights.hidden.const_data_ptr<float>();
  auto *to_input = made.input.data_ptr<float>(), *to_hidden = made.hidden.data_ptr<float>();
  run_on_threads(product.panels(cells), [&](Member member) {
    const auto [first, last] = member.part(cells, product.columns);
    if (first == last) return;
    lstm.pack(from_hidden, cells, {first, last}, to_hidden);
    for (int64_t gate = 0; gate < 4; ++gate) {
      for (int64_t cell = first; cell < last; cell += product.columns) {
        product.pack_transposed(from_input + (gate * cells + cell) * input, input, input,
                                std::min(product.columns, last - cell),
                                to_input + panel_offset(product, input, cells, gate, cell));
      }
    }
  });
  return made;
}

void lstm_forward_cpu(const LstmForward& pass, const Steps& steps) { Forward(pass, steps).run(); }

}  // namespace seq2seq::nn
