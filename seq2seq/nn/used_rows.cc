#include "seq2seq/nn/used_rows.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include <ATen/ops/_sparse_coo_tensor_unsafe.h>
#include <ATen/ops/_unique2.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <torch/csrc/autograd/custom_function.h>

namespace seq2seq::nn {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool ascends(const Ids& rows) {
  const auto* first = rows.const_data_ptr<int64_t>();
  return std::adjacent_find(first, first + rows.size(0), std::greater_equal()) == first + rows.size(0);
}

class LookUp : public torch::autograd::Function<LookUp> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& table, const Tensor& ids) {
    context->set_materialize_grads(false);
    context->save_for_backward({ids});
    context->saved_data["words"] = table.size(0);
    return at::embedding(table, ids);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    if (!gradients[0].defined()) return variable_list(2);
    const auto ids = context->get_saved_variables()[0];
    return {sparse_gradient(sum_of_rows(gradients[0], ids), context->saved_data["words"].toInt()), Tensor()};
  }
};

bool is_among(const std::vector<Tensor>& tensors, const Tensor& one) {
  return std::ranges::any_of(tensors, [&](const Tensor& other) { return other.is_same(one); });
}

std::vector<std::shared_ptr<TableModule>> table_modules(const torch::nn::Module& model) {
  std::vector<std::shared_ptr<TableModule>> found;
  for (const auto& module : model.modules(/*include_self=*/false))
    if (auto tables = std::dynamic_pointer_cast<TableModule>(module)) found.push_back(std::move(tables));
  return found;
}

}  // namespace

UsedRows used_rows_of(const Tensor& gradient) {
  const auto rows = gradient._indices().select(0, 0);
  const auto values = gradient._values();
  return ascends(rows) ? UsedRows{rows, values.contiguous()} : sum_of_rows(values, rows);
}

UsedRows sum_of_rows(const Tensor& rows, const Ids& ids) {
  const auto [used, number, counts] = at::_unique2(ids, /*sorted=*/true, /*return_inverse=*/true);
  // The gradient of a table that has only the used rows: the same sums as in the whole table.
  return {used, at::embedding_dense_backward(rows, number, used.size(0), /*padding_idx=*/-1,
                                             /*scale_grad_by_freq=*/false)};
}

Tensor sparse_gradient(const UsedRows& used, int64_t words) {
  return at::_sparse_coo_tensor_unsafe(used.rows.unsqueeze(0), used.values, {words, used.values.size(1)},
                                       used.values.options().layout(at::kSparse), /*is_coalesced=*/true);
}

Tensor stored_numbers(const Tensor& gradient) {
  return gradient.defined() && gradient.is_sparse() ? gradient._values() : gradient;
}

void add_gradient(Tensor& sum, const Tensor& more) {
  if (!sum.defined()) {
    sum = more;
  } else if (sum.is_sparse() && !more.is_sparse()) {
    sum = more + sum;
  } else {
    sum.add_(more);
  }
}

Tensor TableModule::add_table(const std::string& name, at::IntArrayRef shape, const Role& role,
                              const ParameterPlace& place) {
  return tables_.emplace_back(add_parameter(name, shape, role, place));
}

Tensor TableModule::look_up(const Tensor& table, const Ids& ids) const {
  return is_among(by_rows_, table) ? LookUp::apply(table, ids) : at::embedding(table, ids);
}

Tensor TableModule::table_gradient(const Tensor& table, const Tensor& gradient, const Ids& ids) const {
  const int64_t words = table.size(0);
  if (is_among(by_rows_, table)) return sparse_gradient(sum_of_rows(gradient, ids), words);
  return at::embedding_dense_backward(gradient, ids, words, /*padding_idx=*/-1, /*scale_grad_by_freq=*/false);
}

std::vector<Tensor> tables_of(const torch::nn::Module& model, const std::vector<ParameterUse>& uses) {
  std::vector<Tensor> registered, tables;
  for (const auto& module : table_modules(model))
    registered.insert(registered.end(), module->tables_.begin(), module->tables_.end());
  for (const auto& use : uses) {
    const bool by_words = use.role.row_per_word || is_among(registered, use.parameter);
    const bool only_looked_up = std::ranges::all_of(uses, [&](const ParameterUse& other) {
      return !other.parameter.is_same(use.parameter) || other.role.kind == Role::Kind::embedding;
    });
    if (by_words && only_looked_up && !is_among(tables, use.parameter)) tables.push_back(use.parameter);
  }
  return tables;
}

UsedRowGradients::UsedRowGradients(const torch::nn::Module& model, const std::vector<Tensor>& tables)
    : modules_(table_modules(model)) {
  for (const auto& module : modules_) {
    for (const auto& table : module->tables_)
      if (table.is_cpu() && is_among(tables, table)) module->by_rows_.push_back(table);
  }
}

UsedRowGradients::~UsedRowGradients() {
  for (const auto& module : modules_) module->by_rows_.clear();
}

}  // namespace seq2seq::nn
