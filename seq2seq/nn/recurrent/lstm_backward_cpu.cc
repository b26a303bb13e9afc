#include <algorithm>

#include <ATen/ops/empty.h>

#include "seq2seq/nn/kernels/lstm/step.h"
#include "seq2seq/nn/kernels/operand_type.h"
#include "seq2seq/nn/kernels/product/product.h"
#include "seq2seq/nn/recurrent/lstm_pass.h"
#include "seq2seq/nn/recurrent/team.h"

namespace seq2seq::nn {
namespace {

using kernels::Cells;
using kernels::ProductKernels;

/// The panels of a matrix [depth, columns], stored consecutively.
class Panels {
 public:
  /// `made`: panels that are filled already; undefined: room for them.
  Panels(const ProductKernels& kernel, int64_t depth, int64_t columns, const at::Tensor& made = {})
      : width_(kernel.columns),
        depth_(depth),
        columns_(columns),
        filled_(made.defined()),
        memory_(filled_ ? made : at::empty({kernel.panels(columns) * depth * width_}, at::kFloat)),
        data_(memory_.data_ptr<float>()) {}

  bool filled() const { return filled_; }
  const at::Tensor& memory() const { return memory_; }

  int64_t count() const { return (columns_ + width_ - 1) / width_; }
  int64_t first(int64_t panel) const { return panel * width_; }
  int64_t columns(int64_t panel) const { return std::min(width_, columns_ - panel * width_); }
  int64_t stride() const { return depth_ * width_; }  // from each panel to the next
  float* at(int64_t panel) const { return data_ + panel * stride(); }

 private:
  int64_t width_, depth_, columns_;
  bool filled_;
  at::Tensor memory_;
  float* data_;
};

/// Fills panels [first, last) from rows of a matrix [depth, columns].
void fill(const ProductKernels& kernel, const at::Tensor& matrix, const Panels& panels, Range own) {
  const auto* from = matrix.const_data_ptr<float>();
  for (int64_t panel = own.first; panel < own.last; ++panel)
    kernel.pack(from + panels.first(panel), matrix.size(1), matrix.size(0), panels.columns(panel), panels.at(panel));
}

class Backward {
 public:
  Backward(const LstmBackward& pass, const Steps& steps, LstmWork work)
      : pass_(pass),
        steps_(steps),
        makes_steps_(work != LstmWork::weights),
        makes_weights_(work != LstmWork::steps),
        size_(pass.forward, steps),
        recurrent_(product_, size_.gates, makes_steps_ ? size_.cells : 0, pass.forward.panels.hidden_backward),
        input_(product_, size_.gates, makes_steps_ && pass.x.defined() ? size_.input : 0,
               pass.forward.panels.input_backward),
        x_block_(product_, block, makes_weights_ && pass.input.defined() ? size_.input : 0),
        before_(makes_weights_ && pass.weight.defined() ? rows_before(pass.forward.hidden, pass.forward.rows, steps)
                                                        : at::Tensor()),
        before_block_(product_, block, before_.defined() ? size_.cells : 0) {}

  void run() {
    run_on_threads(size_.parts(steps_, product_.columns), [&](Member member) {
      const auto [first, last] = member.part(size_.cells, product_.columns);
      const Cells own{first, last};
      if (makes_steps_) {
        pack(member, own);
        recurrence(own);
        if (pass_.x.defined()) input_gradient(member.part(size_.rows));
      }
      if (makes_weights_) {
        if (pass_.bias.defined()) bias_gradient(own);
        if (pass_.input.defined() || pass_.weight.defined()) weight_gradients(member, own);
      }
    });
  }

 private:
  /// Rows whose part of the weights' gradients is summed at once: their panels and sums stay in the cache.
  static constexpr int64_t block = 256;

  void pack(Member member, Cells own) {
    const auto panel = [&](int64_t cell) { return (cell + product_.columns - 1) / product_.columns; };
    const auto& weights = pass_.forward.weights;
    if (!recurrent_.filled()) fill(product_, weights.hidden, recurrent_, {panel(own.first), panel(own.last)});
    if (!input_.filled()) fill(product_, weights.input, input_, member.part(input_.count()));
  }

  /// The derivatives of all gates' sums, and the gradient of the state before the first step.
  void recurrence(Cells own) {
    const auto *gates = pass_.forward.gates.const_data_ptr<float>(),
               *first = pass_.forward.cell.const_data_ptr<float>(),
               *cells = pass_.forward.cells.const_data_ptr<float>(),
               *above = pass_.from_above.defined() ? pass_.from_above.const_data_ptr<float>() : nullptr;
    auto *sums = pass_.sums.data_ptr<float>(), *hidden = pass_.hidden.data_ptr<float>(),
         *cell = pass_.cell.data_ptr<float>();
    for (int64_t step = steps_.count() - 1; step >= 0; --step) {
      const int64_t at = steps_.offset(step) * size_.cells;
      lstm_.backward({.gates = gates + 4 * at,
                      .cell_before = step == 0 ? first : cells + steps_.offset(step - 1) * size_.cells,
                      .cell = cells + at,
                      .from_above = above == nullptr ? nullptr : above + at,
                      .from_later = hidden,
                      .gate_gradient = sums + 4 * at,
                      .cell_gradient = cell,
                      .rows = steps_.sentences(step),
                      .cells = size_.cells},
                     own);
#pragma omp barrier  // the product reads the derivatives of all cells
      multiply(sums + 4 * at, steps_.sentences(step), recurrent_, {own.first, own.last}, hidden, size_.cells);
    }
  }

  /// out[:, columns] = sums [rows, 4H] times the panels of a weight.
  void multiply(const float* sums, int64_t rows, const Panels& panels, Range columns, float* out, int64_t stride) {
    if (columns.size() == 0) return;
    product_.multiply({.left = sums,
                       .row_stride = size_.gates,
                       .depth_stride = 1,
                       .panel = panels.at(columns.first / product_.columns),
                       .start = nullptr,
                       .start_stride = 0,
                       .out = out + columns.first,
                       .out_stride = stride,
                       .rows = rows,
                       .depth = size_.gates,
                       .columns = columns.size(),
                       .panel_stride = panels.stride()});
  }

  void input_gradient(Range rows) {
    multiply(pass_.sums.const_data_ptr<float>() + rows.first * size_.gates, rows.size(), input_, {0, size_.input},
             pass_.x.data_ptr<float>() + rows.first * size_.input, size_.input);
  }

  void bias_gradient(Cells own) {
    const auto* sums = pass_.sums.const_data_ptr<float>();
    auto* bias = pass_.bias.data_ptr<float>();
    for (int64_t gate = 0; gate < 4; ++gate) {
      float* const to = bias + gate * size_.cells;
      if (!pass_.add_weights) std::fill(to + own.first, to + own.last, 0.0F);
      for (int64_t row = 0; row < size_.rows; ++row) {
        const float* from = sums + (row * 4 + gate) * size_.cells;
#pragma omp simd
        for (int64_t cell = own.first; cell < own.last; ++cell) to[cell] += from[cell];
      }
    }
  }

  void weight_gradients(Member member, Cells own) {
    for (int64_t first = 0; first < size_.rows; first += block) {
      const Range rows{first, std::min(first + block, size_.rows)};
      pack_block(member, rows);
#pragma omp barrier  // the products read all panels
      if (pass_.input.defined()) weight_gradient(rows, own, x_block_, pass_.input);
      if (pass_.weight.defined()) weight_gradient(rows, own, before_block_, pass_.weight);
#pragma omp barrier  // the next block takes their place
    }
  }

  /// The rows' inputs, and the h before each.
  void pack_block(Member member, Range rows) {
    pack_rows(member, rows, pass_.forward.x, x_block_);
    pack_rows(member, rows, before_, before_block_);
  }

  void pack_rows(Member member, Range rows, const at::Tensor& from, const Panels& block) {
    for (auto [panel, last] = member.part(block.count()); panel < last; ++panel) {
      const int64_t stride = from.size(1);
      product_.pack(from.const_data_ptr<float>() + rows.first * stride + block.first(panel), stride, rows.size(),
                    block.columns(panel), block.at(panel));
    }
  }

  /// The block's part of the rows of `own` cells of a weight's gradient: the gradient of the sums times the input of
  /// that product.
  void weight_gradient(Range rows, Cells own, const Panels& panels, const at::Tensor& gradient) {
    const int64_t stride = gradient.size(1);
    for (int64_t gate = 0; gate < 4; ++gate) {
      const int64_t first = gate * size_.cells + own.first;
      float* out = gradient.data_ptr<float>() + first * stride;
      product_.multiply({.left = pass_.sums.const_data_ptr<float>() + rows.first * size_.gates + first,
                         .row_stride = 1,
                         .depth_stride = size_.gates,
                         .panel = panels.at(0),
                         .start = rows.first == 0 && !pass_.add_weights ? nullptr : out,
                         .start_stride = stride,
                         .out = out,
                         .out_stride = stride,
                         .rows = own.last - own.first,
                         .depth = rows.size(),
                         .columns = stride,
                         .panel_stride = panels.stride()});
    }
  }

  const kernels::LstmKernels lstm_ = kernels::lstm_kernels(best_isa(), kernels::operands_now());
  const ProductKernels product_ = kernels::product_kernels(best_isa(), kernels::operands_now());
  const LstmBackward& pass_;
  const Steps& steps_;
  bool makes_steps_, makes_weights_;
  LstmSizes size_;
  Panels recurrent_, input_, x_block_;
  at::Tensor before_;  // [N, H] the h before each row
  Panels before_block_;
};

}  // namespace

void lstm_panels_backward_cpu(const LstmWeights& weights, LstmPanels& panels) {
  const auto product = kernels::product_kernels(best_isa(), kernels::operands_now());
  const auto made = [&](const at::Tensor& weight) {
    const Panels all(product, weight.size(0), weight.size(1));
    run_on_threads(all.count(), [&](Member member) { fill(product, weight, all, member.part(all.count())); });
    return all.memory();
  };
  panels.input_backward = made(weights.input);
  panels.hidden_backward = made(weights.hidden);
}

void lstm_backward_cpu(const LstmBackward& pass, const Steps& steps, LstmWork work) {
  Backward(pass, steps, work).run();
}

}  // namespace seq2seq::nn
