#pragma once

#include <memory>
#include <string>

#include "seq2seq/nn/transformer/attention.h"
#include "seq2seq/nn/transformer/feed_forward.h"
#include "seq2seq/nn/transformer/layer_norm.h"

namespace seq2seq::nn {

/// Self-attention and feed-forward part; the input of each is added to its output and normalized: Vaswani et al. 2017,
/// arXiv 1706.03762, section 3.1. Parameters are named as in torch.nn.TransformerEncoderLayer:
/// `self_attn.in_proj_weight` ...
class TransformerEncoderLayer final : public Module {
 public:
  /// `name`: of the layer, `encoder.layers.0`, for dropout.
  TransformerEncoderLayer(const TransformerLayerOptions& options, int64_t width, const ParameterPlace& place,
                          const std::string& name);
  /// rows [N, W] sentence by sentence. `pairs`: each row sees its whole sentence. All on the layer's device.
  at::Tensor forward(const at::Tensor& rows, const SentenceRows& at, const AttentionPairs& pairs) const;
  const ParameterPlace& place() const { return place_; }
  /// Site of the layer as a whole, which an update may leave out.
  Site site() const { return site_; }

 private:
  ParameterPlace place_;
  Site site_;
  bool pre_;
  double dropout_;
  Site attention_site_, feed_forward_site_;
  std::shared_ptr<TransformerAttention> attention_;
  FeedForward feed_forward_;
  std::shared_ptr<LayerNorm> norm1_, norm2_;
};

}  // namespace seq2seq::nn
