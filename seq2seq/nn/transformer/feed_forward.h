#pragma once

#include <memory>
#include <string>

#include "seq2seq/nn/transformer/linear.h"
#include "seq2seq/nn/transformer/options.h"
#include "seq2seq/nn/transformer/sentence_rows.h"

namespace seq2seq::nn {

/// W2 act(W1 x + b1) + b2: Vaswani et al. 2017, arXiv 1706.03762, equation 2.
class FeedForward {
 public:
  /// Registers its products with the layer it belongs to, named as in torch.nn's layers: `linear1`, `linear2`. `name`:
  /// of the layer, for dropout.
  FeedForward(Module& layer, const TransformerLayerOptions& options, int64_t width, const ParameterPlace& place,
              const std::string& name);
  at::Tensor forward(const at::Tensor& rows, const SentenceRows& at) const;  // [N, W]

 private:
  std::shared_ptr<Linear> inner_, outer_;
  Activation activation_;
  double dropout_;
  Site site_;
};

}  // namespace seq2seq::nn
