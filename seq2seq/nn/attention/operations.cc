#include "seq2seq/nn/attention/operations.h"

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

#include <ATen/core/ivalue.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include "seq2seq/nn/attention/cpu.h"
#include "seq2seq/nn/attention/plain.h"
#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Values other than tensors that a function keeps for the backward pass.
struct Kept final : torch::CustomClassHolder {
  Kept(AttentionPairs pairs, double scale) : pairs(std::move(pairs)), scale(scale) {}
  AttentionPairs pairs;
  double scale;
  MultiHead shape;
  std::optional<WeightDropout> dropout;
};

void keep(AutogradContext* context, c10::intrusive_ptr<Kept> kept) {
  context->set_materialize_grads(false);
  context->saved_data["kept"] = at::IValue::make_capsule(std::move(kept));
}

c10::intrusive_ptr<Kept> kept(AutogradContext* context) {
  return c10::static_intrusive_pointer_cast<Kept>(context->saved_data["kept"].toCapsule());
}

/// Returns the gradient in contiguous memory.
Tensor in_one_piece(const Tensor& gradient) { return gradient.defined() ? gradient.contiguous() : gradient; }

/// Returns v, or an undefined tensor for dot scores.
Tensor defined_or_empty(const std::optional<Tensor>& v) { return v.value_or(Tensor()); }

class ScoresFunction : public torch::autograd::Function<ScoresFunction> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& queries, const Tensor& keys,
                        const std::optional<Tensor>& v, const AttentionPairs& pairs) {
    keep(context, c10::make_intrusive<Kept>(pairs, 1));
    context->save_for_backward({queries, keys, defined_or_empty(v)});
    return cpu::scores({queries, keys, defined_or_empty(v)}, pairs);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    if (!gradients[0].defined()) return variable_list(4);
    const auto saved = context->get_saved_variables();
    const auto made =
        cpu::scores_backward({saved[0], saved[1], saved[2]}, in_one_piece(gradients[0]), kept(context)->pairs);
    return {made.queries, made.keys, made.v, Tensor()};
  }
};

class SoftmaxFunction : public torch::autograd::Function<SoftmaxFunction> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& scores, const AttentionPairs& pairs) {
    keep(context, c10::make_intrusive<Kept>(pairs, 1));
    auto weights = cpu::softmax(scores, pairs);
    context->save_for_backward({weights});
    return weights;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    if (!gradients[0].defined()) return variable_list(2);
    const auto saved = context->get_saved_variables();
    return {cpu::softmax_backward(saved[0], in_one_piece(gradients[0]), kept(context)->pairs), Tensor()};
  }
};

class SumFunction : public torch::autograd::Function<SumFunction> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& weights, const Tensor& values,
                        const AttentionPairs& pairs) {
    keep(context, c10::make_intrusive<Kept>(pairs, 1));
    context->save_for_backward({weights, values});
    return cpu::sum(weights, values, pairs);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    if (!gradients[0].defined()) return variable_list(3);
    const auto saved = context->get_saved_variables();
    const auto made = cpu::sum_backward(saved[0], saved[1], in_one_piece(gradients[0]), kept(context)->pairs);
    return {made.weights, made.values, Tensor()};
  }
};

class AttendFunction : public torch::autograd::Function<AttendFunction> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& queries, const Tensor& keys,
                               const Tensor& values, const std::optional<Tensor>& v, const AttentionPairs& pairs,
                               double scale) {
    keep(context, c10::make_intrusive<Kept>(pairs, scale));
    auto made = cpu::attend({queries, keys, defined_or_empty(v), scale}, values, pairs);
    context->save_for_backward({queries, keys, values, defined_or_empty(v), made.weights});
    return {made.context, made.weights};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    if (!gradients[0].defined() && !gradients[1].defined()) return variable_list(6);
    const auto saved = context->get_saved_variables();
    const auto data = kept(context);
    const auto made = cpu::attend_backward({saved[0], saved[1], saved[3], data->scale}, saved[2], saved[4],
                                           {in_one_piece(gradients[0]), in_one_piece(gradients[1])}, data->pairs);
    return {made.queries, made.keys, made.values, made.v, Tensor(), Tensor()};
  }
};

class MultiHeadFunction : public torch::autograd::Function<MultiHeadFunction> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& queries, const Tensor& keys, const Tensor& values,
                        const AttentionPairs& pairs, const MultiHead& shape, const WeightDropout* dropout) {
    auto data = c10::make_intrusive<Kept>(pairs, shape.scale);
    data->shape = shape;
    if (dropout != nullptr) data->dropout = *dropout;
    keep(context, std::move(data));
    auto made = cpu::multi_head({queries, keys, values, shape, dropout}, pairs);
    context->save_for_backward({queries, keys, values, made.log_sum});
    return made.context;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    if (!gradients[0].defined()) return variable_list(6);
    const auto saved = context->get_saved_variables();
    const auto data = kept(context);
    const auto made =
        cpu::multi_head_backward({saved[0], saved[1], saved[2], data->shape, data->dropout ? &*data->dropout : nullptr},
                                 saved[3], in_one_piece(gradients[0]), data->pairs);
    return {made.queries, made.keys, made.values, Tensor(), Tensor(), Tensor()};
  }
};

/// Returns true if an operation on these operands needs a gradient.
bool with_gradient(std::initializer_list<const Tensor*> operands) {
  if (!c10::GradMode::is_enabled()) return false;
  return std::any_of(operands.begin(), operands.end(), [](const Tensor* one) { return one->requires_grad(); });
}

void check_queries(const Tensor& queries, int64_t width, const AttentionPairs& pairs) {
  check_shape(queries, {pairs.queries(), width}, "queries of an attention [Q, D]");
}

void check_keys(const Tensor& rows, const AttentionPairs& pairs, const char* what) {
  check_shape(rows, {-1, -1}, what);
  TORCH_CHECK(rows.size(0) >= pairs.keys(), what, " has ", rows.size(0), " rows for ", pairs.keys(), " keys");
}

Attended attend(const Tensor& queries, const Tensor& keys, const Tensor& values, const Tensor& v,
                const AttentionPairs& pairs, double scale) {
  const auto q = cpu::by_rows(queries), k = cpu::by_rows(keys), m = values.is_same(keys) ? k : cpu::by_rows(values);
  if (!with_gradient({&q, &k, &m, &v})) return cpu::attend({q, k, v, scale}, m, pairs);
  auto made = AttendFunction::apply(q, k, m, v.defined() ? std::optional(v) : std::nullopt, pairs, scale);
  return {made[0], made[1]};
}

Tensor scores(const Tensor& queries, const Tensor& keys, const Tensor& v, const AttentionPairs& pairs) {
  const auto q = cpu::by_rows(queries), k = cpu::by_rows(keys);
  if (!with_gradient({&q, &k, &v})) return cpu::scores({q, k, v}, pairs);
  return ScoresFunction::apply(q, k, v.defined() ? std::optional(v) : std::nullopt, pairs);
}

}  // namespace

Tensor dot_scores(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs) {
  check_keys(keys, pairs, "keys of an attention [K, D]");
  check_queries(queries, keys.size(1), pairs);
  return cpu::serve(queries) ? scores(queries, keys, {}, pairs) : plain::dot_scores(queries, keys, pairs);
}

Tensor additive_scores(const Tensor& queries, const Tensor& keys, const Tensor& v, const AttentionPairs& pairs) {
  check_keys(keys, pairs, "keys of an additive attention [K, A]");
  check_queries(queries, keys.size(1), pairs);
  check_shape(v, {keys.size(1)}, "v of an additive attention [A]");
  return cpu::serve(queries) ? scores(queries, keys, v.contiguous(), pairs)
                             : plain::additive_scores(queries, keys, v, pairs);
}

Tensor softmax_by_query(const Tensor& scores, const AttentionPairs& pairs) {
  check_shape(scores, {pairs.pairs()}, "scores of an attention [P]");
  if (!cpu::serve(scores)) return plain::softmax_by_query(scores, pairs);
  return with_gradient({&scores}) ? SoftmaxFunction::apply(scores, pairs) : cpu::softmax(scores, pairs);
}

Tensor sum_by_query(const Tensor& weights, const Tensor& values, const AttentionPairs& pairs) {
  check_shape(weights, {pairs.pairs()}, "weights of an attention [P]");
  check_keys(values, pairs, "values of an attention [K, M]");
  if (!cpu::serve(weights)) return plain::sum_by_query(weights, values, pairs);
  const auto w = weights.contiguous(), m = cpu::by_rows(values);
  return with_gradient({&w, &m}) ? SumFunction::apply(w, m, pairs) : cpu::sum(w, m, pairs);
}

Attended attend_dot(const Tensor& queries, const Tensor& keys, const Tensor& values, const AttentionPairs& pairs,
                    double scale) {
  if (!cpu::serve(queries)) {
    const auto weights = softmax_by_query(dot_scores(scale == 1 ? queries : queries * scale, keys, pairs), pairs);
    return {sum_by_query(weights, values, pairs), weights};
  }
  check_keys(keys, pairs, "keys of an attention [K, D]");
  check_keys(values, pairs, "values of an attention [K, M]");
  check_queries(queries, keys.size(1), pairs);
  return attend(queries, keys, values, {}, pairs, scale);
}

Attended attend_additive(const Tensor& queries, const Tensor& keys, const Tensor& values, const Tensor& v,
                         const AttentionPairs& pairs) {
  if (!cpu::serve(queries)) {
    const auto weights = softmax_by_query(additive_scores(queries, keys, v, pairs), pairs);
    return {sum_by_query(weights, values, pairs), weights};
  }
  check_keys(keys, pairs, "keys of an additive attention [K, A]");
  check_keys(values, pairs, "values of an attention [K, M]");
  check_queries(queries, keys.size(1), pairs);
  check_shape(v, {keys.size(1)}, "v of an additive attention [A]");
  return attend(queries, keys, values, v.contiguous(), pairs, 1);
}

Tensor multi_head_attention(const Tensor& queries, const Tensor& keys, const Tensor& values,
                            const AttentionPairs& pairs, const MultiHead& shape, const WeightDropout* dropout) {
  check_keys(keys, pairs, "keys of an attention [K, h D]");
  check_keys(values, pairs, "values of an attention [K, h D']");
  check_queries(queries, keys.size(1), pairs);
  TORCH_CHECK(keys.size(1) % shape.heads == 0 && values.size(1) % shape.heads == 0, shape.heads,
              " heads do not divide widths of ", keys.size(1), " and ", values.size(1));
  if (dropout != nullptr && dropout->share == 0) dropout = nullptr;
  if (!cpu::serve(queries)) return plain::multi_head_attention(queries, keys, values, pairs, shape, dropout);
  const auto q = cpu::by_rows(queries), k = cpu::by_rows(keys), m = cpu::by_rows(values);
  if (!with_gradient({&q, &k, &m})) return cpu::multi_head({q, k, m, shape, dropout}, pairs).context;
  return MultiHeadFunction::apply(q, k, m, pairs, shape, dropout);
}

Tensor multi_head_weights(const Tensor& queries, const Tensor& keys, const AttentionPairs& pairs,
                          const MultiHead& shape) {
  const c10::NoGradGuard no_gradient;
  check_keys(keys, pairs, "keys of an attention [K, h D]");
  check_queries(queries, keys.size(1), pairs);
  return cpu::serve(queries) ? cpu::multi_head_weights(cpu::by_rows(queries), cpu::by_rows(keys), pairs, shape)
                             : plain::multi_head_weights(queries, keys, pairs, shape);
}

}  // namespace seq2seq::nn
