#include <algorithm>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/nn/attention/cpu.h"
#include "seq2seq/nn/attention/cpu_parts.h"
#include "seq2seq/nn/attention/multi_head_blocks.h"
#include "seq2seq/nn/attention/weight_dropout.h"
#include "seq2seq/nn/kernels/attention/attention.h"

namespace seq2seq::nn::cpu {
namespace {

using at::Tensor;

class Heads {
 public:
  Heads(const MultiHeadOperands& operands, const AttentionPairs& pairs)
      : operands_(operands),
        pairs_(pairs),
        queries_(operands.queries),
        keys_(operands.keys),
        values_(operands.values),
        heads_(operands.shape.heads),
        width_(queries_.width / heads_),
        value_width_(values_.width / heads_),
        scale_(static_cast<float>(operands.shape.scale)),
        scores_room_(pairs.longest() * most_lanes()),
        columns_room_(std::max(width_, value_width_) * most_lanes()) {}

  /// Calls work(group, head, scratch) for all groups and heads; those that share keys run on one thread.
  template <class Work>
  void for_all(int64_t products, Work work) const {
    const auto& sets = pairs_.key_sets();
    const int64_t count = sets.size() * heads_;
    const int64_t cost = pairs_.pairs() * (width_ + value_width_) / 2 * products;
    for_parts(
        count, [&](int64_t i) { return cost * heads_ / std::max<int64_t>(1, count) * i; },
        [&](int64_t first, int64_t last) {
          const auto room = room_for(BlockScratch::size(scores_room_, columns_room_, most_lanes()));
          BlockScratch scratch(room.get(), scores_room_, columns_room_);
          for (int64_t i = first; i < last; ++i) {
            const auto set = static_cast<size_t>(i / heads_);
            for (int64_t g = sets.first[set]; g < sets.first[set + 1]; ++g)
              work(sets.order[static_cast<size_t>(g)], i % heads_, scratch);
          }
        });
  }

  void forward(int64_t group, int64_t head, const MatrixRows& context, float* log_sum, BlockScratch& scratch) const {
    for_blocks(group, head, [&](const QueryBlock& block) {
      const auto out = head_of(context, head, value_width_);
      if (block.keys == 0) return clear(out, block, value_width_);
      scores(block, scratch);
      softmax(block, scratch, log_sum + head * pairs_.queries() + block.first_query);
      drop(block, scratch, scratch.weights);
      kernel_.multiply({.left = scratch.weights,
                        .row_stride = block.query_stride(),
                        .depth_stride = block.key_stride(),
                        .right = value_rows(block),
                        .right_stride = values_.stride,
                        .out = out.row(block.first_query),
                        .out_stride = out.stride,
                        .rows = block.queries,
                        .depth = block.keys,
                        .columns = value_width_,
                        .add = false});
    });
  }

  struct Derivatives {
    ConstMatrixRows output_gradient;
    MatrixRows queries, keys, values;
  };

  void backward(int64_t group, int64_t head, const float* log_sum, const Derivatives& derivatives,
                BlockScratch& scratch) const {
    const auto queries = head_of(derivatives.queries, head, width_), keys = head_of(derivatives.keys, head, width_),
               values = head_of(derivatives.values, head, value_width_);
    for_blocks(group, head, [&](const QueryBlock& block) {
      if (block.keys == 0) return clear(queries, block, width_);
      const float* from_above = derivatives.output_gradient.row(block.first_query) + head * value_width_;
      scores(block, scratch);
      weights_again(block, scratch, log_sum + head * pairs_.queries() + block.first_query);
      weights_gradient(block, from_above, derivatives.output_gradient.stride, scratch);
      drop(block, scratch, scratch.weights_gradient);
      gradient_of_scores(block, scratch);
      add_to_values(block, from_above, derivatives.output_gradient.stride, values, scratch);
      kernel_.multiply({.left = scratch.weights_gradient,
                        .row_stride = block.query_stride(),
                        .depth_stride = block.key_stride(),
                        .right = key_rows(block),
                        .right_stride = keys_.stride,
                        .out = queries.row(block.first_query),
                        .out_stride = queries.stride,
                        .rows = block.queries,
                        .depth = block.keys,
                        .columns = width_,
                        .add = false});
      kernel_.multiply({.left = scratch.weights_gradient,
                        .row_stride = block.key_stride(),
                        .depth_stride = block.query_stride(),
                        .right = query_rows(block),
                        .right_stride = queries_.stride,
                        .out = keys.row(block.first_key),
                        .out_stride = keys.stride,
                        .rows = block.keys,
                        .depth = block.queries,
                        .columns = width_,
                        .add = true});
    });
  }

 private:
  int64_t most_lanes() const { return std::max(2 * kernel_.lanes, few_queries); }

  static MatrixRows head_of(MatrixRows rows, int64_t head, int64_t width) {
    rows.data += head * width;
    return rows;
  }
  const float* query_rows(const QueryBlock& block) const {
    return queries_.row(block.first_query) + block.head * width_;
  }
  const float* key_rows(const QueryBlock& block) const { return keys_.row(block.first_key) + block.head * width_; }
  const float* value_rows(const QueryBlock& block) const {
    return values_.row(block.first_key) + block.head * value_width_;
  }

  template <class Work>
  void for_blocks(int64_t number, int64_t head, Work work) const {
    const BlockShape shape{.causal = operands_.shape.causal, .lanes = kernel_.lanes};
    for_query_blocks(pairs_.groups()[static_cast<size_t>(number)], shape, [&](QueryBlock block) {
      block.group = number;
      block.head = head;
      work(block);
    });
  }

  static void clear(const MatrixRows& rows, const QueryBlock& block, int64_t width) {
    for (int64_t i = 0; i < block.queries; ++i) std::fill_n(rows.row(block.first_query + i), width, 0.0F);
  }

  void scores(const QueryBlock& block, BlockScratch& scratch) const {
    if (!block.by_columns()) {
      return kernel_.dots({.left = query_rows(block),
                           .left_stride = queries_.stride,
                           .right = key_rows(block),
                           .right_stride = keys_.stride,
                           .out = scratch.weights,
                           .out_stride = block.keys,
                           .rows = block.queries,
                           .columns = block.keys,
                           .depth = width_,
                           .scale = scale_});
    }
    kernel_.pack_columns(query_rows(block), queries_.stride, width_, block.queries, scale_, scratch.packed,
                         block.lanes);
    product_of_columns(block, key_rows(block), keys_.stride, width_, scratch.packed, scratch.weights);
  }

  /// rows [keys, depth] times packed columns [depth, lanes].
  void product_of_columns(const QueryBlock& block, const float* rows, int64_t stride, int64_t depth,
                          const float* packed, float* out) const {
    kernel_.multiply({.left = rows,
                      .row_stride = stride,
                      .depth_stride = 1,
                      .right = packed,
                      .right_stride = block.lanes,
                      .out = out,
                      .out_stride = block.lanes,
                      .rows = block.keys,
                      .depth = depth,
                      .columns = block.lanes,
                      .add = false});
  }

  kernels::ScoreColumns columns(const QueryBlock& block, BlockScratch& scratch) const {
    return {.scores = scratch.weights,
            .log_sum = scratch.log_sum,
            .keys = block.keys,
            .lanes = block.lanes,
            .seen_by_first = std::min(block.keys, block.seen_by_first)};
  }

  void softmax(const QueryBlock& block, BlockScratch& scratch, float* log_sum) const {
    if (block.by_columns()) {
      kernel_.softmax_columns(columns(block, scratch));
      std::copy_n(scratch.log_sum, block.queries, log_sum);
    } else {
      softmax_of_rows(block, scratch);
    }
  }

  void softmax_of_rows(const QueryBlock& block, BlockScratch& scratch) const {
    for (int64_t i = 0; i < block.queries; ++i) kernel_.softmax(scratch.weights + i * block.keys, block.keys);
  }

  void weights_again(const QueryBlock& block, BlockScratch& scratch, const float* log_sum) const {
    if (!block.by_columns()) return softmax_of_rows(block, scratch);
    std::fill_n(std::copy_n(log_sum, block.queries, scratch.log_sum), block.lanes - block.queries, 0.0F);
    kernel_.weights_of_columns(columns(block, scratch));
  }

  void weights_gradient(const QueryBlock& block, const float* from_above, int64_t stride, BlockScratch& scratch) const {
    if (block.by_columns()) {
      kernel_.pack_columns(from_above, stride, value_width_, block.queries, 1, scratch.packed_gradient, block.lanes);
      return product_of_columns(block, value_rows(block), values_.stride, value_width_, scratch.packed_gradient,
                                scratch.weights_gradient);
    }
    kernel_.dots({.left = from_above,
                  .left_stride = stride,
                  .right = value_rows(block),
                  .right_stride = values_.stride,
                  .out = scratch.weights_gradient,
                  .out_stride = block.keys,
                  .rows = block.queries,
                  .columns = block.keys,
                  .depth = value_width_,
                  .scale = 1});
  }

  void gradient_of_scores(const QueryBlock& block, BlockScratch& scratch) const {
    if (block.by_columns())
      return kernel_.softmax_gradient_columns(columns(block, scratch), scratch.weights_gradient, scale_);
    for (int64_t at = 0; at < block.queries * block.keys; at += block.keys)
      kernel_.softmax_gradient(scratch.weights + at, scratch.weights_gradient + at, block.keys, scale_);
  }

  /// Makes the block's dropout mask and multiplies `what` by it.
  void drop(const QueryBlock& block, BlockScratch& scratch, float* what) const {
    if (operands_.dropout == nullptr) return;
    kernel_.fill_mask(weight_mask(*operands_.dropout, pairs_, block.group, block.head, block.place),
                      {.mask = scratch.mask,
                       .query_stride = block.query_stride(),
                       .key_stride = block.key_stride(),
                       .queries = block.rows_of_mask(),
                       .keys = block.keys});
    multiply_by_mask(block, scratch, what);
  }

  void multiply_by_mask(const QueryBlock& block, const BlockScratch& scratch, float* what) const {
    kernel_.scale(what, scratch.mask, block.rows_of_mask() * block.keys);
  }

  void add_to_values(const QueryBlock& block, const float* from_above, int64_t stride, const MatrixRows& values,
                     BlockScratch& scratch) const {
    if (operands_.dropout != nullptr) multiply_by_mask(block, scratch, scratch.weights);
    kernel_.multiply({.left = scratch.weights,
                      .row_stride = block.key_stride(),
                      .depth_stride = block.query_stride(),
                      .right = from_above,
                      .right_stride = stride,
                      .out = values.row(block.first_key),
                      .out_stride = values.stride,
                      .rows = block.keys,
                      .depth = block.queries,
                      .columns = value_width_,
                      .add = true});
  }

  const kernels::AttentionKernels kernel_ = kernels::attention_kernels();
  const MultiHeadOperands& operands_;
  const AttentionPairs& pairs_;
  ConstMatrixRows queries_, keys_, values_;
  int64_t heads_, width_, value_width_;
  float scale_;
  int64_t scores_room_, columns_room_;  // floats
};

}  // namespace

MultiHeadResult multi_head(const MultiHeadOperands& operands, const AttentionPairs& pairs) {
  const Heads heads(operands, pairs);
  MultiHeadResult made{.context = at::empty({pairs.queries(), operands.values.size(1)}, at::kFloat),
                       .log_sum = at::empty({operands.shape.heads, pairs.queries()}, at::kFloat)};
  const MatrixRows context(made.context);
  auto* const log_sum = made.log_sum.mutable_data_ptr<float>();
  heads.for_all(2, [&](int64_t group, int64_t head, BlockScratch& scratch) {
    heads.forward(group, head, context, log_sum, scratch);
  });
  return made;
}

Gradients multi_head_backward(const MultiHeadOperands& operands, const Tensor& log_sum, const Tensor& output_gradient,
                              const AttentionPairs& pairs) {
  const Heads heads(operands, pairs);
  Gradients made{.queries = at::empty(operands.queries.sizes(), at::kFloat),
                 .keys = at::zeros(operands.keys.sizes(), at::kFloat),
                 .v = {},
                 .weights = {},
                 .values = at::zeros(operands.values.sizes(), at::kFloat)};
  const Heads::Derivatives derivatives{.output_gradient = ConstMatrixRows(output_gradient),
                                       .queries = MatrixRows(made.queries),
                                       .keys = MatrixRows(made.keys),
                                       .values = MatrixRows(made.values)};
  const auto* const from = log_sum.const_data_ptr<float>();
  heads.for_all(5, [&](int64_t group, int64_t head, BlockScratch& scratch) {
    heads.backward(group, head, from, derivatives, scratch);
  });
  return made;
}

}  // namespace seq2seq::nn::cpu
