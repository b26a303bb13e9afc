#pragma once

#include <memory>
#include <string>

#include "seq2seq/nn/attention/operations.h"
#include "seq2seq/nn/attention/pairs.h"
#include "seq2seq/nn/transformer/linear.h"
#include "seq2seq/nn/transformer/options.h"
#include "seq2seq/nn/transformer/sentence_rows.h"

namespace seq2seq::nn {

/// Rows that are compared with queries, and rows that contexts are sums of.
struct KeysValues {
  at::Tensor keys, values;  // [K, W] each
};

/// Multi-head attention: Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2. Parameters `in_proj_weight` [3 W, W] and
/// `in_proj_bias` [3 W] of queries, keys and values, `out_proj.weight` [W, W] and `out_proj.bias` [W], as in
/// torch.nn.MultiheadAttention.
class TransformerAttention final : public Module {
 public:
  /// `name`: of this attention, for dropout.
  TransformerAttention(const TransformerLayerOptions& options, int64_t width, const ParameterPlace& place,
                       const std::string& name);

  struct Projected {
    at::Tensor queries;  // [N, W]
    KeysValues source;
  };
  /// Projects rows for self-attention, with queries and keys rotated by their positions.
  Projected project(const at::Tensor& rows, const Rotation& rotation) const;
  at::Tensor queries(const at::Tensor& rows) const;        // [Q, W]
  KeysValues keys_values(const at::Tensor& memory) const;  // of [K, W]

  /// Queries [Q, W] of `at` look at keys -> [Q, W]. `causal`: a query looks at no position after its own. If weights
  /// are dropped, `pairs` must have one group per sentence.
  at::Tensor attend(const at::Tensor& queries, const KeysValues& source, const AttentionPairs& pairs, bool causal,
                    const SentenceRows& at) const;
  /// Returns the mean of the weights of all heads [P], without gradient.
  at::Tensor weights(const at::Tensor& queries, const at::Tensor& keys, const AttentionPairs& pairs) const;

 private:
  MultiHead shape_;
  double dropout_;
  Site site_;
  at::Tensor weight_, bias_;
  std::shared_ptr<Linear> out_;
};

}  // namespace seq2seq::nn
