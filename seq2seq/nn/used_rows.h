#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// The gradient of a table [V, E] with few used rows, such as word vectors. All other rows are zero and are not stored.
/// As a tensor it is a sparse tensor of LibTorch with one sparse dimension, so it can be assigned to `grad()`.
struct UsedRows {
  at::Tensor rows;    // [U] int64, ascending, each once
  at::Tensor values;  // [U, E]
};

/// Returns the rows of a sparse gradient, in the gradient's own memory if they are in order. Rows that occur several
/// times are added in their order.
UsedRows used_rows_of(const at::Tensor& gradient);
/// Returns one row for each distinct id, the sum of its rows [N, E] in their order: the same bits as
/// at::embedding_dense_backward().
UsedRows sum_of_rows(const at::Tensor& rows, const Ids& ids);
/// Returns the sparse gradient of a table of V `words`. Shares memory with `used`.
at::Tensor sparse_gradient(const UsedRows& used, int64_t words);

/// Returns the numbers that a gradient stores: the gradient itself or, if it is sparse, its values, without a copy.
at::Tensor stored_numbers(const at::Tensor& gradient);
/// Adds a gradient of either kind to the sum of others; an undefined sum becomes `more` itself.
void add_gradient(at::Tensor& sum, const at::Tensor& more);

/// A module with tables that are looked up by word.
class TableModule : public Module {
 protected:
  /// Registers a table of zeros [V, E] under this name.
  at::Tensor add_table(const std::string& name, at::IntArrayRef shape, const Role& role, const ParameterPlace& place);
  /// at::embedding() of one of its tables: ids [N] -> [N, E].
  at::Tensor look_up(const at::Tensor& table, const Ids& ids) const;
  /// Returns the gradient of a table from the gradients of the rows [N, E] that were looked up by `ids` [N].
  at::Tensor table_gradient(const at::Tensor& table, const at::Tensor& gradient, const Ids& ids) const;

 private:
  friend class UsedRowGradients;
  friend std::vector<at::Tensor> tables_of(const torch::nn::Module& model, const std::vector<ParameterUse>& uses);
  std::vector<at::Tensor> tables_;
  std::vector<at::Tensor> by_rows_;  // tables that have gradients of their used rows
};

/// Returns the parameters that are only looked up, by words or their factors, each once. Excludes a table that is also
/// a factor of a product, such as a tied embedding, because its gradient has all rows. `uses`: of all parameters of the
/// model.
std::vector<at::Tensor> tables_of(const torch::nn::Module& model, const std::vector<ParameterUse>& uses);

/// While it exists, tables of the model that are on the CPU have gradients of their used rows only.
class UsedRowGradients {
 public:
  /// `tables`: tables of the model.
  UsedRowGradients(const torch::nn::Module& model, const std::vector<at::Tensor>& tables);
  ~UsedRowGradients();
  UsedRowGradients(const UsedRowGradients&) = delete;
  UsedRowGradients& operator=(const UsedRowGradients&) = delete;

 private:
  std::vector<std::shared_ptr<TableModule>> modules_;
};

}  // namespace seq2seq::nn
