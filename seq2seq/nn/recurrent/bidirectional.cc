#include "seq2seq/nn/recurrent/bidirectional.h"

#include <algorithm>
#include <utility>

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/nn/recurrent/layer_pass.h"
#include "seq2seq/nn/sentence_order.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;

struct PreparedDirections final : PreparedWeights {
  std::shared_ptr<const PreparedWeights> forward, backward;
};

/// Both directions of a layer draw at the same sites, so the second one uses another seed.
Draw backward_draw(const Draw& draw) { return {.seed = ~draw.seed, .update = draw.update}; }

/// Inputs of each direction. Refers to itself, so it must not move.
class DirectionCalls {
 public:
  explicit DirectionCalls(const LayerCall& call) : forward(call), backward(call) {
    if (call.draw != nullptr) {
      draw_ = backward_draw(*call.draw);
      backward.draw = &draw_;
    }
    if (call.prepared == nullptr) return;
    const auto& prepared = dynamic_cast<const PreparedDirections&>(*call.prepared);
    forward.prepared = prepared.forward.get();
    backward.prepared = prepared.backward.get();
  }
  DirectionCalls(const DirectionCalls&) = delete;
  DirectionCalls& operator=(const DirectionCalls&) = delete;

  LayerCall forward, backward;

 private:
  Draw draw_;
};

/// Returns the columns of one direction (0: forward, 1: backward). Undefined parts stay undefined.
State half_of(const State& state, int64_t direction) {
  State half;
  for (const auto& part : state) {
    if (!part.defined()) {
      half.emplace_back();
      continue;
    }
    const int64_t width = part.size(1) / 2;
    half.push_back(part.narrow(1, direction * width, width));
  }
  return half;
}

State side_by_side(const State& forward, const State& backward) {
  State joined;
  for (size_t part = 0; part < forward.size(); ++part) {
    const auto &ahead = forward[part], &back = backward.at(part);
    const auto of = [](const Tensor& half, const Tensor& other) {
      return half.defined() || !other.defined() ? half : at::zeros(other.sizes(), other.options());
    };
    joined.push_back(ahead.defined() || back.defined() ? at::cat({of(ahead, back), of(back, ahead)}, 1) : Tensor());
  }
  return joined;
}

/// The pass of one direction, with rows of its own.
struct DirectionPass {
  DirectionPass(const Bidirectional::Direction& direction, const std::shared_ptr<const Layout>& layout,
                LayerRows wanted, const State& first, const LayerCall& call)
      : rows(std::move(wanted)), parameters(direction.parameters.size()) {
    rows.output = at::empty({layout->rows(), direction.layer->width()}, rows.input.options());
    pass = direction.layer->pass(layout, rows, first, call);
    if (pass == nullptr) pass = autograd_pass(*direction.layer, direction.parameters, layout, rows, first, call);
  }

  LayerRows rows;
  Tensor output_gradient;  // [N, H] gradient of the output; undefined: none
  std::unique_ptr<LayerPass> pass;
  size_t parameters = 0;
};

/// The passes of both directions. All steps are a single piece.
class BidirectionalPass final : public LayerPass {
 public:
  BidirectionalPass(const Bidirectional::Direction& forward, const Bidirectional::Direction& backward,
                    const std::shared_ptr<const Layout>& layout, LayerRows rows, const State& first,
                    const LayerCall& call)
      : rows_(std::move(rows)),
        order_(data::reversed_order(*layout)),
        calls_(call),
        ahead_(forward, layout, {.input = rows_.input, .output = {}, .input_gradient = rows_.input_gradient},
               half_of(first, 0), calls_.forward),
        back_(backward, layout, reversed_rows(), half_of(first, 1), calls_.backward) {}

  void forward(const Piece& piece) override {
    back_.rows.input.copy_(rows_.input.index_select(0, order_));
    ahead_.pass->forward(piece);
    back_.pass->forward(piece);
    columns(rows_.output, 0).copy_(ahead_.rows.output);
    columns(rows_.output, 1).copy_(back_.rows.output.index_select(0, order_));
  }

  State last() const override { return side_by_side(ahead_.pass->last(), back_.pass->last()); }

  void begin_backward(const Tensor& output, const State& last) override {
    output_gradient_ = output;
    for (auto* direction : {&ahead_, &back_})
      direction->output_gradient = output.defined() ? at::empty_like(direction->rows.output) : Tensor();
    ahead_.pass->begin_backward(ahead_.output_gradient, half_of(last, 0));
    back_.pass->begin_backward(back_.output_gradient, half_of(last, 1));
  }

  void backward(const Piece& piece) override {
    if (output_gradient_.defined()) {
      ahead_.output_gradient.copy_(columns(output_gradient_, 0));
      back_.output_gradient.copy_(columns(output_gradient_, 1).index_select(0, order_));
    }
    ahead_.pass->backward(piece);
    back_.pass->backward(piece);
    if (rows_.input_gradient.defined()) rows_.input_gradient.add_(back_.rows.input_gradient.index_select(0, order_));
  }

  State first_gradient() const override {
    return side_by_side(ahead_.pass->first_gradient(), back_.pass->first_gradient());
  }

  void add_weight_gradients(const Piece& piece, std::vector<Tensor>& gradients) override {
    auto next = gradients.begin();
    for (auto* direction : {&ahead_, &back_}) {
      const auto end = next + static_cast<std::ptrdiff_t>(direction->parameters);
      std::vector<Tensor> of_direction(next, end);
      direction->pass->add_weight_gradients(piece, of_direction);
      next = std::move(of_direction.begin(), of_direction.end(), next);
    }
  }

 private:
  LayerRows reversed_rows() const {
    const auto made = [](const Tensor& like) { return like.defined() ? at::empty_like(like) : Tensor(); };
    return {.input = made(rows_.input), .output = {}, .input_gradient = made(rows_.input_gradient)};
  }
  Tensor columns(const Tensor& rows, int64_t direction) const {
    const int64_t width = ahead_.rows.output.size(1);
    return rows.narrow(1, direction * width, width);
  }

  LayerRows rows_;
  Tensor order_;  // [N]
  DirectionCalls calls_;
  DirectionPass ahead_, back_;
  Tensor output_gradient_;
};

}  // namespace

Bidirectional::Bidirectional(const LayerRegistry& kinds, const Selection& kind, const LayerContext& context) {
  const auto make = [&](const LayerContext& of_direction) {
    const auto& added = context.parameters.added();
    const auto before = std::ssize(added);
    auto layer = kinds.make(kind, of_direction);
    return Direction{std::move(layer), {added.begin() + before, added.end()}};
  };
  forward_ = make(context);
  auto reversed = context;
  reversed.parameters = context.parameters.reversed();
  backward_ = make(reversed);
}

StateShape Bidirectional::state_shape() const {
  auto shape = forward_.layer->state_shape();
  for (auto& part : shape) {
    part.width *= 2;
    part.directions = 2;
  }
  return shape;
}

Packed Bidirectional::run(const Packed& chunk, State& state, const LayerCall& call) const {
  const DirectionCalls calls(call);
  auto ahead = half_of(state, 0), back = half_of(state, 1);
  const auto order = data::reversed_order(*chunk.layout);  // its own inverse
  const auto forward = forward_.layer->run(chunk, ahead, calls.forward);
  const auto backward = backward_.layer->run(chunk.with(permuted(chunk.rows, order, order)), back, calls.backward);
  state = side_by_side(ahead, back);
  // A layer may return fewer rows than it reads.
  const auto order_out = backward.layout == chunk.layout ? order : data::reversed_order(*backward.layout);
  return forward.with(at::cat({forward.rows, permuted(backward.rows, order_out, order_out)}, 1));
}

std::shared_ptr<const PreparedWeights> Bidirectional::prepare() const {
  auto prepared = std::make_shared<PreparedDirections>();
  prepared->forward = forward_.layer->prepare();
  prepared->backward = backward_.layer->prepare();
  return prepared;
}

std::unique_ptr<LayerPass> Bidirectional::pass(std::shared_ptr<const Layout> layout, LayerRows rows, const State& first,
                                               const LayerCall& call) const {
  return std::make_unique<BidirectionalPass>(forward_, backward_, layout, std::move(rows), first, call);
}

}  // namespace seq2seq::nn
