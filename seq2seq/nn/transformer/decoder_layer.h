#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "seq2seq/nn/transformer/attention.h"
#include "seq2seq/nn/transformer/feed_forward.h"
#include "seq2seq/nn/transformer/key_value_cache.h"
#include "seq2seq/nn/transformer/layer_norm.h"

namespace seq2seq::nn {

/// Context of a layer while it reads a chunk of rows, on its device.
struct DecoderView {
  int64_t layer = 0;     // number of the layer
  KeyValueCache& cache;  // of the words so far; the layer adds those of the chunk
  const AttentionPairs& own_pairs;
  const KeysValues* source;  // null, as are its pairs, if the layer reads no source
  const AttentionPairs* source_pairs;
  at::Tensor* weights = nullptr;  // [P] of the source pairs, the mean of all heads; null: not wanted
};

/// Self-attention over the words so far, attention to the source, and a feed-forward part: Vaswani et al. 2017, arXiv
/// 1706.03762, section 3.1. Parameters are named as in torch.nn.TransformerDecoderLayer: `self_attn`, `multihead_attn`
/// ... A layer that reads no source is a torch.nn.TransformerEncoderLayer that only looks back.
class TransformerDecoderLayer final : public Module {
 public:
  /// `name`: of the layer, `decoder.layers.0`, for dropout.
  TransformerDecoderLayer(const TransformerLayerOptions& options, int64_t width, const ParameterPlace& place,
                          const std::string& name, bool reads_source = true);
  /// rows [N, W] hypothesis by hypothesis.
  at::Tensor forward(const at::Tensor& rows, const SentenceRows& at, const DecoderView& view) const;
  /// Keys and values of the encoder's states [K, W].
  KeysValues source_keys_values(const at::Tensor& states) const { return source_attention_->keys_values(states); }
  const ParameterPlace& place() const { return place_; }
  /// Site of the layer as a whole, which an update may leave out.
  Site site() const { return site_; }

 private:
  at::Tensor self_attention(const at::Tensor& rows, const SentenceRows& at, const DecoderView& view) const;
  at::Tensor source_attention(const at::Tensor& rows, const SentenceRows& at, const DecoderView& view) const;

  ParameterPlace place_;
  Site site_;
  bool pre_;
  double dropout_;
  Site attention_site_, source_site_, feed_forward_site_;
  std::shared_ptr<TransformerAttention> attention_, source_attention_;  // the latter null if it reads no source
  FeedForward feed_forward_;
  std::shared_ptr<LayerNorm> norm1_, norm2_, norm3_;  // of the parts in order; norm3_ null without a source
};

}  // namespace seq2seq::nn
