#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/recurrent/lstm_layer.h"
#include "seq2seq/nn/recurrent/steps.h"

namespace seq2seq::nn {

/// A layer's forward pass. S = running[0] sentences, in sorted order.
struct LstmForward {
  at::Tensor x;             // [N, I]
  at::Tensor hidden, cell;  // [S, H] before the first step
  LstmWeights weights;
  LstmPanels panels;       // undefined ones are made
  at::Tensor gates;        // [N, 4H] out: i f g o after their activations
  at::Tensor cells, rows;  // [N, H] out: c and h
};

/// A layer's backward pass: all tensors of one type, on one device, each contiguous.
struct LstmBackward {
  LstmForward forward;
  at::Tensor from_above;    // [N, H] gradient of the rows; undefined: none
  at::Tensor hidden, cell;  // [S, H] in: gradient of the last state; out: of the first state
  // Results; an undefined one is not computed, as for a frozen parameter.
  at::Tensor x;              // [N, I]
  at::Tensor input, weight;  // shaped as weight_ih and weight_hh
  at::Tensor bias;           // [4H] of each bias
  at::Tensor sums;           // [N, 4H] of the gates' sums: result of LstmWork::steps, input of LstmWork::weights
  bool add_weights = false;  // true: adds the gradients of weights and bias to the present values
};

/// Part of the backward pass. `steps`: the derivatives of states and rows, step by step. `weights`:
/// the derivatives of weights and bias, which need only `sums` from `steps` and can be computed at any later time.
enum class LstmWork { all, steps, weights };

struct LstmSizes {
  LstmSizes(const LstmForward& pass, const Steps& steps);
  /// Returns the number of threads to use for the layer if each takes a multiple of `share` cells.
  int64_t parts(const Steps& steps, int64_t share) const;

  int64_t rows, input, cells, gates;  // N, I, H, 4H
};

/// The equations without optimization, for any device and type. Gradient checks in double use these.
void lstm_forward_plain(const LstmForward& pass, const Steps& steps);
void lstm_backward_plain(const LstmBackward& pass, const Steps& steps, LstmWork work = LstmWork::all);

/// float32 on the CPU by our own kernels. The threads divide the cells: each computes its cells from the input product
/// to the last step, so that its part of the weights and sums stays in its cache, and waits for the others once per
/// step. Every sum adds its terms in a fixed order, so the result depends neither on the number of threads nor on the
/// other sentences.
void lstm_forward_cpu(const LstmForward& pass, const Steps& steps);
LstmPanels lstm_panels_cpu(const LstmWeights& weights);
void lstm_panels_backward_cpu(const LstmWeights& weights, LstmPanels& panels);
void lstm_backward_cpu(const LstmBackward& pass, const Steps& steps, LstmWork work = LstmWork::all);

/// For float32 on a GPU, if SEQ2SEQ_GPU_KERNELS names `lstm`: runs the recurrence of all steps in one launch. In all
/// other cases does nothing and returns false.
bool lstm_forward_one_launch(const LstmForward& pass, const Steps& steps);
bool lstm_backward_one_launch(const LstmBackward& pass, const Steps& steps, LstmWork work);

/// Calls the one of these that supports x's device and type.
void lstm_forward(const LstmForward& pass, const Steps& steps);
void lstm_backward(const LstmBackward& pass, const Steps& steps, LstmWork work = LstmWork::all);
/// Returns true if our kernels for the CPU support x's device and type.
bool has_lstm_kernels(const at::Tensor& x);

}  // namespace seq2seq::nn
