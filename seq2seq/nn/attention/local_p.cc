#include "seq2seq/nn/attention/local_p.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tanh.h>

#include "seq2seq/config/keys.h"

namespace seq2seq::nn {

void declare(config::Keys& keys, LocalPAttentionOptions& options) {
  declare(keys, static_cast<LocalAttentionOptions&>(options));
  keys.add("units", options.units, "width of the hidden layer that predicts the centre of the window")
      .at_least(1)
      .at_most(1e6);
}

LocalPAttention::LocalPAttention(const Options& options, const AttentionContext& context)
    : window_(options.window), width_(context.memory) {
  check_widths(options, context, "local_p");
  const Role projection{.kind = Role::Kind::projection};
  if (options.score == LocalScore::general)
    weight_ = add_parameter("weight", {context.query, context.memory}, projection, context.place);
  position_weight_ = add_parameter("position_weight", {options.units, context.query}, projection, context.place);
  position_score_weight_ =
      add_parameter("position_score_weight", {options.units}, {.kind = Role::Kind::scale}, context.place);
}

AttentionMemory LocalPAttention::prepare(const at::Tensor& states) const {
  return {.keys = weight_.defined() ? at::matmul(states, weight_.t()) : states, .values = states};
}

AttentionResult LocalPAttention::attend(const AttentionQueries& queries, const AttentionMemory& memory,
                                        const AttentionPairs& pairs) const {
  const auto predicted = at::matmul(at::tanh(at::matmul(queries.rows, position_weight_.t())), position_score_weight_);
  const auto centre = pairs.keys_of_query() * at::sigmoid(predicted);  // [Q]
  const auto distance = pairs.place() - of_each_pair(centre, pairs);   // [P]
  const auto within =
      softmax_in_window(dot_scores(queries.rows, memory.keys, pairs), distance.detach(), window_, pairs);
  const double deviation = static_cast<double>(window_) / 2;
  const auto weights = within * at::exp(distance * distance / (-2 * deviation * deviation));
  return {sum_by_query(weights, memory.values, pairs), weights};
}

}  // namespace seq2seq::nn
