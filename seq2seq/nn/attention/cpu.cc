#include "seq2seq/nn/attention/cpu.h"

#include <algorithm>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/nn/attention/cpu_parts.h"
#include "seq2seq/nn/attention/cpu_products.h"
#include "seq2seq/nn/attention/cpu_scorer.h"
#include "seq2seq/nn/kernels/attention/attention.h"

namespace seq2seq::nn::cpu {
namespace {

using at::Tensor;
using kernels::AttentionKernels;

/// Queries of a group that backward computes at a time, so that their derivatives with respect to scores stay in the
/// cache.
constexpr int64_t queries_at_a_time = 64;

Tensor empty(at::IntArrayRef shape) { return at::empty(shape, at::kFloat); }

/// Allocates the derivatives with respect to keys or values: uninitialized if each is written once, otherwise zeros to
/// add to.
Tensor room_like(const Tensor& matrix, bool written_once) {
  return written_once ? empty(matrix.sizes()) : at::zeros(matrix.sizes(), at::kFloat);
}

void softmax_of_group(const AttentionKernels& kernel, const AttentionGroup& group, float* scores) {
  if (group.keys == 0) return;
  for (int64_t i = 0; i < group.queries; ++i) kernel.softmax(scores + i * group.keys, group.keys);
}

const AttentionGroup& group_of(const AttentionPairs& pairs, int64_t number) {
  return pairs.groups()[static_cast<size_t>(number)];
}

/// Each group's part of the derivative of v. The parts are summed in the order of the groups, whichever thread computed
/// them.
class SharesOfV {
 public:
  SharesOfV(const Scorer& scorer, const AttentionPairs& pairs)
      : shares_(scorer.additive() ? at::zeros({static_cast<int64_t>(pairs.groups().size()), scorer.width()}, at::kFloat)
                                  : Tensor()) {}
  float* of(int64_t group) const {
    return shares_.defined() ? shares_.mutable_data_ptr<float>() + group * shares_.size(1) : nullptr;
  }
  Tensor sum(const AttentionKernels& kernel) const {
    if (!shares_.defined()) return {};
    auto total = at::zeros({shares_.size(1)}, at::kFloat);
    auto* const to = total.mutable_data_ptr<float>();
    for (int64_t group = 0; group < shares_.size(0); ++group) kernel.add(to, of(group), shares_.size(1));
    return total;
  }

 private:
  Tensor shares_;  // [G, A]
};

}  // namespace

bool serve(const Tensor& tensor) { return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat; }

Tensor by_rows(const Tensor& matrix) {
  return matrix.stride(1) == 1 || matrix.size(1) == 1 ? matrix : matrix.contiguous();
}

bool each_key_once(const AttentionPairs& pairs, int64_t keys) {
  int64_t next = 0;
  for (const auto& group : pairs.groups()) {
    if (group.first_key != next) return false;
    next += group.keys;
  }
  return next == keys;
}

Tensor scores(const Scores& operands, const AttentionPairs& pairs) {
  const auto kernel = kernels::attention_kernels();
  const Scorer scorer(operands);
  auto out = empty({pairs.pairs()});
  auto* const to = out.mutable_data_ptr<float>();
  for_groups(pairs, scorer.cost_of_pair(), scorer.scratch(), [&](const AttentionGroup& group, float* scratch) {
    scorer.forward(kernel, group, to + group.first_pair, scratch);
  });
  return out;
}

Gradients scores_backward(const Scores& operands, const Tensor& output_gradient, const AttentionPairs& pairs) {
  const auto kernel = kernels::attention_kernels();
  const Scorer scorer(operands);
  const bool once = !scorer.additive() && each_key_once(pairs, operands.keys.size(0));
  Gradients made{.queries = empty(operands.queries.sizes()),
                 .keys = room_like(operands.keys, once),
                 .v = {},
                 .weights = {},
                 .values = {}};
  const MatrixRows queries(made.queries), keys(made.keys);
  const SharesOfV v(scorer, pairs);
  auto* const from = const_cast<float*>(output_gradient.const_data_ptr<float>());  // only read
  for_key_sets(pairs, 2 * scorer.cost_of_pair(), scorer.scratch(), [&](int64_t number, float* scratch) {
    const auto& group = group_of(pairs, number);
    scorer.backward(kernel, group, from + group.first_pair, queries, keys, !once, v.of(number), scratch);
  });
  made.v = v.sum(kernel);
  return made;
}

Tensor softmax(const Tensor& scores, const AttentionPairs& pairs) {
  const auto kernel = kernels::attention_kernels();
  auto out = scores.clone(at::MemoryFormat::Contiguous);
  auto* const to = out.mutable_data_ptr<float>();
  for_groups(pairs, 8, 0,
             [&](const AttentionGroup& group, float*) { softmax_of_group(kernel, group, to + group.first_pair); });
  return out;
}

Tensor softmax_backward(const Tensor& weights, const Tensor& output_gradient, const AttentionPairs& pairs) {
  const auto kernel = kernels::attention_kernels();
  auto out = output_gradient.clone(at::MemoryFormat::Contiguous);
  auto* const to = out.mutable_data_ptr<float>();
  const auto* const from = weights.const_data_ptr<float>();
  for_groups(pairs, 4, 0, [&](const AttentionGroup& group, float*) {
    for (int64_t at = group.first_pair; at < group.first_pair + group.pairs(); at += group.keys)
      kernel.softmax_gradient(from + at, to + at, group.keys, 1);
  });
  return out;
}

Tensor sum(const Tensor& weights, const Tensor& values, const AttentionPairs& pairs) {
  const auto kernel = kernels::attention_kernels();
  auto out = empty({pairs.queries(), values.size(1)});
  const MatrixRows to(out);
  const ConstMatrixRows from(values);
  const auto* const by = weights.const_data_ptr<float>();
  for_groups(pairs, values.size(1), 0,
             [&](const AttentionGroup& group, float*) { sum_keys(kernel, group, by + group.first_pair, from, to); });
  return out;
}

Gradients sum_backward(const Tensor& weights, const Tensor& values, const Tensor& output_gradient,
                       const AttentionPairs& pairs) {
  const auto kernel = kernels::attention_kernels();
  const bool once = each_key_once(pairs, values.size(0));
  Gradients made{
      .queries = {}, .keys = {}, .v = {}, .weights = empty({pairs.pairs()}), .values = room_like(values, once)};
  auto* const to_weights = made.weights.mutable_data_ptr<float>();
  const MatrixRows to_values(made.values);
  const ConstMatrixRows from_values(values), from_above(output_gradient);
  const auto* const by = weights.const_data_ptr<float>();
  for_key_sets(pairs, 2 * values.size(1), 0, [&](int64_t number, float*) {
    const auto& group = group_of(pairs, number);
    dots(kernel, group, from_above, from_values, /*scale=*/1, to_weights + group.first_pair);
    sum_queries(kernel, group, by + group.first_pair, from_above, to_values, !once);
  });
  return made;
}

Attended attend(const Scores& operands, const Tensor& values, const AttentionPairs& pairs) {
  const auto kernel = kernels::attention_kernels();
  const Scorer scorer(operands);
  Attended made{.context = empty({pairs.queries(), values.size(1)}), .weights = empty({pairs.pairs()})};
  auto* const weights = made.weights.mutable_data_ptr<float>();
  const MatrixRows context(made.context);
  const ConstMatrixRows from(values);
  for_groups(pairs, scorer.cost_of_pair() + values.size(1), scorer.scratch(),
             [&](const AttentionGroup& group, float* scratch) {
               auto* const own = weights + group.first_pair;
               scorer.forward(kernel, group, own, scratch);
               softmax_of_group(kernel, group, own);
               sum_keys(kernel, group, own, from, context);
             });
  return made;
}

Gradients attend_backward(const Scores& operands, const Tensor& values, const Tensor& weights,
                          const Attended& output_gradient, const AttentionPairs& pairs) {
  const auto kernel = kernels::attention_kernels();
  const Scorer scorer(operands);
  const bool through_values = output_gradient.context.defined(), shared = values.is_same(operands.keys);
  const bool once = each_key_once(pairs, operands.keys.size(0)), keys_once = once && !scorer.additive();
  Gradients made{.queries = empty(operands.queries.sizes()),
                 .keys = room_like(operands.keys, keys_once),
                 .v = {},
                 .weights = {},
                 .values = through_values && !shared ? room_like(values, once) : Tensor()};
  const MatrixRows to_queries(made.queries), to_keys(made.keys);
  const auto to_values = shared ? to_keys : made.values.defined() ? MatrixRows(made.values) : MatrixRows();
  const SharesOfV v(scorer, pairs);
  const ConstMatrixRows from_values(values), from_above(through_values ? output_gradient.context : values);
  const auto* const by = weights.const_data_ptr<float>();
  const auto* const of_weights =
      output_gradient.weights.defined() ? output_gradient.weights.const_data_ptr<float>() : nullptr;
  const int64_t room = std::min(queries_at_a_time, pairs.longest_queries()) * pairs.longest();
  const auto work = [&](const AttentionGroup& part, bool first, int64_t number, float* score_gradient) {
    auto* const scratch = score_gradient + room;
    if (through_values) {
      dots(kernel, part, from_above, from_values, /*scale=*/1, score_gradient);
      if (of_weights != nullptr) kernel.add(score_gradient, of_weights + part.first_pair, part.pairs());
    } else {
      std::copy_n(of_weights + part.first_pair, part.pairs(), score_gradient);
    }
    for (int64_t at = 0; at < part.pairs(); at += part.keys) {
      kernel.softmax_gradient(by + part.first_pair + at, score_gradient + at, part.keys,
                              static_cast<float>(operands.scale));
    }
    scorer.backward(kernel, part, score_gradient, to_queries, to_keys, !(keys_once && first), v.of(number), scratch);
    if (through_values) {
      sum_queries(kernel, part, by + part.first_pair, from_above, to_values, shared || !(once && first));
    }
  };
  for_key_sets(pairs, 2 * (scorer.cost_of_pair() + values.size(1)), room + scorer.scratch(),
               [&](int64_t number, float* scratch) {
                 for_queries(group_of(pairs, number), queries_at_a_time,
                             [&](const AttentionGroup& part, bool first) { work(part, first, number, scratch); });
               });
  made.v = v.sum(kernel);
  return made;
}

Tensor multi_head_weights(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs,
                          const MultiHead& shape) {
  const auto kernel = kernels::attention_kernels();
  auto made = at::zeros({pairs.pairs()}, at::kFloat);
  auto* const mean = made.mutable_data_ptr<float>();
  const ConstMatrixRows from_queries(queries), from_keys(keys);
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
