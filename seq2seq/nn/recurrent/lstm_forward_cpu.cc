#include <algorithm>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "seq2seq/nn/kernels/lstm/step.h"
#include "seq2seq/nn/kernels/product/product.h"
#include "seq2seq/nn/recurrent/lstm_pass.h"
#include "seq2seq/nn/recurrent/team.h"

namespace seq2seq::nn {
namespace {

using kernels::Cells;

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
        packed_(at::empty({lstm_.packed_size(size_.cells)}, at::kFloat)) {}

  void run() {
    together(size_.parts(steps_, lstm_.share), [&](Member member) {
      const auto [first, last] = member.part(size_.cells, lstm_.share);
      const Cells own{first, last};
      input_product(own);
      recurrence(own);
    });
  }

 private:
  /// The inputs' share of the sums, panel by panel.
  void input_product(Cells own) {
    std::vector<float> panel(static_cast<size_t>(size_.input * product_.columns));
    for (int64_t gate = 0; gate < 4; ++gate) {
      for (int64_t cell = own.first; cell < own.last; cell += product_.columns) {
        const int64_t column = gate * size_.cells + cell;
        const int64_t columns = std::min(product_.columns, own.last - cell);
        product_.pack_transposed(input_ + column * size_.input, size_.input, size_.input, columns, panel.data());
        product_.multiply({.left = x_,
                           .row_stride = size_.input,
                           .depth_stride = 1,
                           .panel = panel.data(),
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
    lstm_.pack(weight_, size_.cells, own, packed);
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

  const kernels::LstmKernels lstm_ = kernels::lstm_kernels();
  const kernels::ProductKernels product_ = kernels::product_kernels();
  const Steps& steps_;
  LstmSizes size_;
  const float *x_, *hidden_, *cell_, *input_, *weight_;
  at::Tensor bias_;
  float *gates_, *cells_, *rows_;
  at::Tensor packed_;
};

}  // namespace

void lstm_forward_cpu(const LstmForward& pass, const Steps& steps) { Forward(pass, steps).run(); }

}  // namespace seq2seq::nn
