#include <algorithm>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/nn/attention/cpu.h"
#include "seq2seq/nn/attention/cpu_parts.h"
#include "seq2seq/nn/attention/weight_dropout.h"
#include "seq2seq/nn/kernels/attention/attention.h"

namespace seq2seq::nn::cpu {
namespace {

using at::Tensor;

/// A group with fewer queries computes its scores in rows, one query after another. Other groups compute them in
/// columns, a vector of queries side by side.
constexpr int64_t few_queries = 4;

/// Queries of one group and head that are computed together, and the keys that any of them sees.
struct Block {
  int64_t group, head;
  int64_t first_query, queries;  // rows
  int64_t first_key, keys;       // rows; `keys`: as many as the last query sees
  int64_t place;                 // of the first query, within its group
  int64_t seen_by_first;         // keys that the first query sees
  int64_t lanes;                 // for the queries
};

/// Memory for a block: scores in rows, one query after another, or in columns.
struct Scratch {
  Scratch(float* room, int64_t scores, int64_t columns)
      : weights(room),
        reaching(weights + scores),
        mask(reaching + scores),
        packed(mask + scores),
        packed_reaching(packed + columns),
        log_sum(packed_reaching + columns) {}
  static int64_t size(int64_t scores, int64_t columns, int64_t lanes) { return 3 * scores + 2 * columns + lanes; }

  float *weights, *reaching, *mask;  // [keys, lanes]
  float *packed, *packed_reaching;   // [D, lanes]
  float* log_sum;                    // [lanes]
};

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
          const auto room = room_for(Scratch::size(scores_room_, columns_room_, most_lanes()));
          Scratch scratch(room.get(), scores_room_, columns_room_);
          for (int64_t i = first; i < last; ++i) {
            const auto set = static_cast<size_t>(i / heads_);
            for (int64_t g = sets.first[set]; g < sets.first[set + 1]; ++g)
              work(sets.order[static_cast<size_t>(g)], i % heads_, scratch);
          }
        });
  }

  void forward(int64_t group, int64_t head, const Rows& context, float* log_sum, Scratch& scratch) const {
    for_blocks(group, head, [&](const Block& block) {
      const auto out = head_of(context, head, value_width_);
      if (block.keys == 0) return clear(out, block, value_width_);
      scores(block, scratch);
      softmax(block, scratch, log_sum + head * pairs_.queries() + block.first_query);
      drop(block, scratch, scratch.weights);
      kernel_.multiply({.left = scratch.weights,
                        .row_stride = of_query(block),
                        .depth_stride = of_key(block),
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
    ConstRows reaching;
    Rows queries, keys, values;
  };

  void backward(int64_t group, int64_t head, const float* log_sum, const Derivatives& derivatives,
                Scratch& scratch) const {
    const auto queries = head_of(derivatives.queries, head, width_), keys = head_of(derivatives.keys, head, width_),
               values = head_of(derivatives.values, head, value_width_);
    for_blocks(group, head, [&](const Block& block) {
      if (block.keys == 0) return clear(queries, block, width_);
      const float* from_above = derivatives.reaching.row(block.first_query) + head * value_width_;
      scores(block, scratch);
      weights_again(block, scratch, log_sum + head * pairs_.queries() + block.first_query);
      reaching_weights(block, from_above, derivatives.reaching.stride, scratch);
      drop(block, scratch, scratch.reaching);
      gradient_of_scores(block, scratch);
      add_to_values(block, from_above, derivatives.reaching.stride, values, scratch);
      kernel_.multiply({.left = scratch.reaching,
                        .row_stride = of_query(block),
                        .depth_stride = of_key(block),
                        .right = key_rows(block),
                        .right_stride = keys_.stride,
                        .out = queries.row(block.first_query),
                        .out_stride = queries.stride,
                        .rows = block.queries,
                        .depth = block.keys,
                        .columns = width_,
                        .add = false});
      kernel_.multiply({.left = scratch.reaching,
                        .row_stride = of_key(block),
                        .depth_stride = of_query(block),
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

  static bool by_columns(const Block& block) { return block.lanes > 0; }
  static int64_t of_query(const Block& block) { return by_columns(block) ? 1 : block.keys; }
  static int64_t of_key(const Block& block) { return by_columns(block) ? block.lanes : 1; }

  static Rows head_of(Rows rows, int64_t head, int64_t width) {
    rows.data += head * width;
    return rows;
  }
  const float* query_rows(const Block& block) const { return queries_.row(block.first_query) + block.head * width_; }
  const float* key_rows(const Block& block) const { return keys_.row(block.first_key) + block.head * width_; }
  const float* value_rows(const Block& block) const { return values_.row(block.first_key) + block.head * value_width_; }

  template <class Work>
  void for_blocks(int64_t number, int64_t head, Work work) const {
    const auto& group = pairs_.groups()[static_cast<size_t>(number)];
    const bool causal = operands_.shape.causal, few = group.queries < few_queries;
    for (int64_t query = 0; query < group.queries;) {
      const int64_t rest = group.queries - query;
      // Two vectors share each load of a key; with causal queries, one vector skips more of the keys that it does not
      // see.
      const int64_t lanes = few ? 0 : causal || rest <= kernel_.lanes ? kernel_.lanes : 2 * kernel_.lanes;
      const int64_t queries = few ? causal ? 1 : rest : std::min(rest, lanes);
      const int64_t hidden = causal ? group.queries - query - queries : 0;  // keys unseen by the last query
      const int64_t seen_by_first = causal ? group.keys - group.queries + query + 1 : group.keys;
      work(Block{.group = number,
                 .head = head,
                 .first_query = group.first_query + query,
                 .queries = queries,
                 .first_key = group.first_key,
                 .keys = std::max<int64_t>(0, group.keys - hidden),
                 .place = query,
                 .seen_by_first = seen_by_first,
                 .lanes = lanes});
      query += queries;
    }
  }

  static void clear(const Rows& rows, const Block& block, int64_t width) {
    for (int64_t i = 0; i < block.queries; ++i) std::fill_n(rows.row(block.first_query + i), width, 0.0F);
  }

  void scores(const Block& block, Scratch& scratch) const {
    if (!by_columns(block)) {
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
  void product_of_columns(const Block& block, const float* rows, int64_t stride, int64_t depth, const float* packed,
                          float* out) const {
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

  kernels::ScoreColumns columns(const Block& block, Scratch& scratch) const {
    return {.scores = scratch.weights,
            .log_sum = scratch.log_sum,
            .keys = block.keys,
            .lanes = block.lanes,
            .seen_by_first = std::min(block.keys, block.seen_by_first)};
  }

  void softmax(const Block& block, Scratch& scratch, float* log_sum) const {
    if (by_columns(block)) {
      kernel_.softmax_columns(columns(block, scratch));
      std::copy_n(scratch.log_sum, block.queries, log_sum);
    } else {
      softmax_of_rows(block, scratch);
    }
  }

  void softmax_of_rows(const Block& block, Scratch& scratch) const {
    for (int64_t i = 0; i < block.queries; ++i) kernel_.softmax(scratch.weights + i * block.keys, block.keys);
  }

  void weights_again(const Block& block, Scratch& scratch, const float* log_sum) const {
    if (!by_columns(block)) return softmax_of_rows(block, scratch);
    std::fill_n(std::copy_n(log_sum, block.queries, scratch.log_sum), block.lanes - block.queries, 0.0F);
    kernel_.weights_of_columns(columns(block, scratch));
  }

  void reaching_weights(const Block& block, const float* from_above, int64_t stride, Scratch& scratch) const {
    if (by_columns(block)) {
      kernel_.pack_columns(from_above, stride, value_width_, block.queries, 1, scratch.packed_reaching, block.lanes);
      return product_of_columns(block, value_rows(block), values_.stride, value_width_, scratch.packed_reaching,
                                scratch.reaching);
    }
    kernel_.dots({.left = from_above,
                  .left_stride = stride,
                  .right = value_rows(block),
                  .right_stride = values_.stride,
                  .out = scratch.reaching,
                  .out_stride = block.keys,
                  .rows = block.queries,
                  .columns = block.keys,
                  .depth = value_width_,
                  .scale = 1});
  }

  void gradient_of_scores(const Block& block, Scratch& scratch) const {
    if (by_columns(block)) return kernel_.softmax_gradient_columns(columns(block, scratch), scratch.reaching, scale_);
    for (int64_t at = 0; at < block.queries * block.keys; at += block.keys)
      kernel_.softmax_gradient(scratch.weights + at, scratch.reaching + at, block.keys, scale_);
  }

  /// Makes the block's dropout mask and multiplies `what` by it.
  void drop(const Block& block, Scratch& scratch, float* what) const {
    if (operands_.dropout == nullptr) return;
    kernel_.fill_mask(weight_mask(*operands_.dropout, pairs_, block.group, block.head, block.place),
                      {.mask = scratch.mask,
                       .query_stride = of_query(block),
                       .key_stride = of_key(block),
                       .queries = rows_of_mask(block),
                       .keys = block.keys});
    multiply_by_mask(block, scratch, what);
  }

  /// Returns the queries of the block, including the lanes beyond them.
  static int64_t rows_of_mask(const Block& block) { return by_columns(block) ? block.lanes : block.queries; }

  void multiply_by_mask(const Block& block, const Scratch& scratch, float* what) const {
    kernel_.scale(what, scratch.mask, rows_of_mask(block) * block.keys);
  }

  void add_to_values(const Block& block, const float* from_above, int64_t stride, const Rows& values,
                     Scratch& scratch) const {
    if (operands_.dropout != nullptr) multiply_by_mask(block, scratch, scratch.weights);
    kernel_.multiply({.left = scratch.weights,
                      .row_stride = of_key(block),
                      .depth_stride = of_query(block),
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
  ConstRows queries_, keys_, values_;
  int64_t heads_, width_, value_width_;
  float scale_;
  int64_t scores_room_, columns_room_;  // floats
};

}  // namespace

MultiHeadResult multi_head(const MultiHeadOperands& operands, const AttentionPairs& pairs) {
  const Heads heads(operands, pairs);
  MultiHeadResult made{.context = at::empty({pairs.queries(), operands.values.size(1)}, at::kFloat),
                       .log_sum = at::empty({operands.shape.heads, pairs.queries()}, at::kFloat)};
  const Rows context(made.context);
  auto* const log_sum = made.log_sum.mutable_data_ptr<float>();
  heads.for_all(
      2, [&](int64_t group, int64_t head, Scratch& scratch) { heads.forward(group, head, context, log_sum, scratch); });
  return made;
}

Gradients multi_head_backward(const MultiHeadOperands& operands, const Tensor& log_sum, const Tensor& reaching,
                              const AttentionPairs& pairs) {
  const Heads heads(operands, pairs);
  Gradients made{.queries = at::empty(operands.queries.sizes(), at::kFloat),
                 .keys = at::zeros(operands.keys.sizes(), at::kFloat),
                 .v = {},
                 .weights = {},
                 .values = at::zeros(operands.values.sizes(), at::kFloat)};
  const Heads::Derivatives derivatives{.reaching = ConstRows(reaching),
                                       .queries = Rows(made.queries),
                                       .keys = Rows(made.keys),
                                       .values = Rows(made.values)};
  const auto* const from = log_sum.const_data_ptr<float>();
  heads.for_all(5, [&](int64_t group, int64_t head, Scratch& scratch) {
    heads.backward(group, head, from, derivatives, scratch);
  });
  return made;
}

Tensor multi_head_weights(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs,
                          const MultiHead& shape) {
  const auto kernel = kernels::attention_kernels();
  auto made = at::zeros({pairs.pairs()}, at::kFloat);
  auto* const mean = made.mutable_data_ptr<float>();
  const ConstRows from_queries(queries), from_keys(keys);
  const int64_t width = from_queries.width / shape.heads;
  for_groups(pairs, from_queries.width, pairs.longest(), [&](const AttentionGroup& group, float* row) {
    for (int64_t i = 0; i < group.queries; ++i) {
      const int64_t seen = shape.causal ? group.keys - group.queries + i + 1 : group.keys;
      for (int64_t head = 0; seen > 0 && head < shape.heads; ++head) {
        kernel.dots({.left = from_queries.row(group.first_query + i) + head * width,
                     .left_stride = from_queries.stride,
                     .right = from_keys.row(group.first_key) + head * width,
                     .right_stride = from_keys.stride,
                     .out = row,
                     .out_stride = seen,
                     .rows = 1,
                     .columns = seen,
                     .depth = width,
                     .scale = static_cast<float>(shape.scale)});
        kernel.softmax(row, seen);
        for (int64_t j = 0; j < seen; ++j)
          mean[group.first_pair + i * group.keys + j] += row[j] / static_cast<float>(shape.heads);
      }
    }
  });
  return made;
}

}  // namespace seq2seq::nn::cpu
