#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "seq2seq/nn/packed.h"
#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

/// The gradient of a table [V, E] of which few rows are used, such as word vectors: all other rows are zero, and are
/// not stored. As a tensor it is LibTorch's sparse one with one sparse dimension, so that it may stand in `grad()`.
struct UsedRows {
  at::Tensor rows;    // [U] int64, ascending, each once
  at::Tensor values;  // [U, E]
};

/// Returns the rows of a sparse gradient, in the memory of the gradient where they are in order. Rows that stand there
/// several times are added in their order.
UsedRows used_rows_of(const at::Tensor& gradient);
/// Returns one row for each id, the sum of its rows [N, E] in their order: the bits of at::embedding_dense_backward().
UsedRows sum_of_rows(const at::Tensor& rows, const Ids& ids);
/// Returns the sparse gradient of a table of V `words`. Shares memory with `used`.
at::Tensor sparse_gradient(const UsedRows& used, int64_t words);

/// Returns the numbers that a gradient stores: itself or, of a sparse one, the values in its memory.
at::Tensor stored_numbers(const at::Tensor& gradient);
/// Adds a gradient of either kind to the sum of others; an undefined sum becomes `more` itself.
void add_gradient(at::Tensor& sum, const at::Tensor& more);

/// A module with tables whose rows are looked up by word.
class TableModule : public Module {
 protected:
  /// Registers a table of zeros [V, E] under this name.
  at::Tensor add_table(const std::string& name, at::IntArrayRef shape, const Role& role, const ParameterPlace& place);
  /// at::embedding() of one of its tables: ids [N] -> [N, E].
  at::Tensor look_up(const at::Tensor& table, const Ids& ids) const;
  /// Returns the gradient of a table from those of the rows [N, E] that were looked up under `ids` [N].
  at::Tensor table_gradient(const at::Tensor& table, const at::Tensor& gradient, const Ids& ids) const;

 private:
  friend class UsedRowGradients;
  friend std::vector<at::Tensor> tables_of(const torch::nn::Module& model, const std::vector<ParameterUse>& uses);
  std::vector<at::Tensor> tables_;
  std::vector<at::Tensor> by_rows_;  // those whose gradients are of the used rows
};

/// The parameters that are only looked up, by words or their factors, each once. Not one that is also multiplied by, as
/// a tied embedding, which has a gradient in every row. `uses`: of all parameters of the model.
std::vector<at::Tensor> tables_of(const torch::nn::Module& model, const std::vector<ParameterUse>& uses);

/// As long as it lives, the tables of a model have gradients of their used rows alone, if they are on the CPU.
class UsedRowGradients {
 public:
  /// `tables`: of the model.
  UsedRowGradients(const torch::nn::Module& model, const std::vector<at::Tensor>& tables);
  ~UsedRowGradients();
  UsedRowGradients(const UsedRowGradients&) = delete;
  UsedRowGradients& operator=(const UsedRowGradients&) = delete;

 private:
  std::vector<std::shared_ptr<TableModule>> modules_;
};

}  // namespace seq2seq::nn
