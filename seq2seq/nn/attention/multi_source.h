#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "seq2seq/nn/attention/attention.h"

namespace seq2seq::nn {

/// A separate attention, with its own parameters, to each sentence of a source that consists of several. The context is
/// their contexts side by side: Zoph and Knight 2016, arXiv 1601.00710, section 3.3. The attention to the first is the
/// module `source_0`, and so on.
class MultiSourceAttention final : public Attention {
 public:
  MultiSourceAttention(int64_t sources, const std::function<std::shared_ptr<Attention>()>& make);

  /// Treats all states as those of the first sentence.
  AttentionMemory prepare(const at::Tensor& states) const override;
  AttentionMemory prepare_parts(const at::Tensor& states, const std::vector<int64_t>& part) const override;
  /// The weights of a query sum to 1 in each sentence. `pairs` must know their parts.
  AttentionResult attend(const AttentionQueries& queries, const AttentionMemory& memory,
                         const AttentionPairs& pairs) const override;
  int64_t width() const override;
  bool needs_past() const override { return attentions_.front()->needs_past(); }
  bool differentiates_weights() const override { return attentions_.front()->differentiates_weights(); }

 private:
  std::vector<std::shared_ptr<Attention>> attentions_;  // [K]
};

}  // namespace seq2seq::nn
