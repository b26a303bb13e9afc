#pragma once

#include <memory>

#include "seq2seq/nn/packed.h"

namespace seq2seq::nn {

/// The permutation between packed rows and rows stored sentence by sentence, the order in which attention works.
class SentenceOrder {
 public:
  explicit SentenceOrder(const Layout& packed);
  const at::Tensor& on_host() const { return order_on_host_; }

  /// [N, ..] rows in packed order -> sentence by sentence.
  at::Tensor by_sentence(const at::Tensor& packed) const;
  /// As above, for ids; keeps their copy on the CPU. `layout`: of the resulting rows.
  Packed by_sentence(const Packed& ids, std::shared_ptr<const Layout> layout) const;
  /// The inverse of by_sentence().
  at::Tensor packed(const at::Tensor& by_sentence) const;

 private:
  at::Tensor order_on_host_;    // [N] on the CPU
  at::Tensor order_, inverse_;  // [N]
};

/// Returns rows [N, ..] in another order [N], which `inverse` undoes. The derivative is a permutation, too; the
/// derivative of index_select() adds row by row.
at::Tensor permuted(const at::Tensor& rows, const at::Tensor& order, const at::Tensor& inverse);

}  // namespace seq2seq::nn
