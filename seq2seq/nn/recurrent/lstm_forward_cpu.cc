#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "seq2seq/nn/kernels/computing.h"
#include "seq2seq/nn/kernels/lstm/step.h"
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
        scratch_(at::empty({panels_ == nullptr ? team_size(parts_) * panel_size() : 0}, at::kFloat)) {}

  void run() {
    together(parts_, [&](Member member) {
      const auto [first, last] = member.part(size_.cells, share_);
      const Cells own{first, last};
      input_product(own, scratch_.data_ptr<float>() + (panels_ == nullptr ? member.thread * panel_size() : 0));
      recurrence(own);
    });
  }

 private:
  int64_t panel_size() const { return size_.input * product_.columns; }

  /// The inputs' share of the sums, panel by panel. `panel`: room for one, where the weight's are not there already.
  void input_product(Cells own, float* panel) {
    for (int64_t gate = 0; gate < 4; ++gate) {
      for (int64_t cell = own.first; cell < own.last; cell += product_.columns) {
        const int64_t column = gate * size_.cells + cell;
        const int64_t columns = std::min(product_.columns, own.last - cell);
        if (panels_ == nullptr)
          product_.pack_transposed(input_ + column * size_.input, size_.input, size_.input, columns, panel);
        product_.multiply({.left = x_,
                           .row_stride = size_.input,
                           .depth_stride = 1,
                           .panel = panels_ == nullptr ? panel : panel_at(gate, cell),
                           .start = bias_.const_data_ptr<float>() + column,
                           .start_stride = 0,
                           .out = gates_ + column,
                           .out_stride = size_.gates,
                           .rows = size_.rows,
                           .depth = size_.input,
                           .columns = columns});
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

  const float* panel_at(int64_t gate, int64_t cell) const {
    return panels_ + panel_offset(product_, size_.input, size_.cells, gate, cell);
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
  at::Tensor scratch_;  // a panel of the input's weight for each thread
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
  together(product.panels(cells), [&](Member member) {
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
