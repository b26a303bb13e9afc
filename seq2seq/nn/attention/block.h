#pragma once

#include <cstdint>
#include <memory>

#include "seq2seq/nn/attention/attention.h"
#include "seq2seq/nn/attention/readout.h"

namespace seq2seq::nn {

/// Source of the query, and reader of the context.
enum class AttentionOrder {
  after,   // queries are the top layer's rows; the readout reads the context: Luong et al. 2015, arXiv 1508.04025
  before,  // queries are the top layer's states of the step before; the decoder reads the context: Bahdanau et al. 2014
  // Queries are the bottom layer's rows, and the layers above read the context: Wu et al. 2016, arXiv 1609.08144.
  // In the paper the query is the row of the previous step; here it is the row of the current step, so that all steps
  // run at once.
  first_layer
};

/// `{kind: general, order: after, input_feeding: true}`. Other keys are those of the kind.
struct AttentionBlockOptions {
  std::shared_ptr<const AttentionRegistry> kinds = std::make_shared<AttentionRegistry>(builtin_attentions());
  Selection attention{.kind = "none", .options = nullptr};
  AttentionOrder order = AttentionOrder::after;
  bool input_feeding = false;
  bool coverage = false;
  ReadoutOptions readout;
};
void declare(config::Keys& keys, AttentionBlockOptions& options);

/// Sizes of the decoder and the encoder around an attention.
struct AttentionBlockContext {
  int64_t memory = 0;     // M: width of the encoder's states
  int64_t bottom = 0;     // width of the bottom layer's rows
  int64_t top = 0;        // H: width of the top layer's rows
  int64_t embedding = 0;  // E
  int64_t layers = 1;
  ParameterPlace place;
  int64_t sources = 1;  // sentences that a source consists of
};

/// The attention of a decoder and its connections to the layers. Without attention it connects nothing.
class AttentionBlock {
 public:
  using Options = AttentionBlockOptions;
  /// Throws UsageError for options that do not fit together.
  AttentionBlock(const Options& options, const AttentionBlockContext& context);

  bool attends() const { return attention_ != nullptr; }
  const std::shared_ptr<Attention>& attention() const { return attention_; }
  const std::shared_ptr<Readout>& readout() const { return readout_; }  // null: the output layer reads the top rows
  /// Returns true if it has weights that gradients reach.
  bool differentiates_weights() const { return attends() && attention_->differentiates_weights(); }
  AttentionOrder order() const { return order_; }
  bool input_feeding() const { return input_feeding_; }
  const ParameterPlace& place() const { return place_; }  // of the attention and the readout
  /// Returns true if a step needs results of the previous step other than the layers' states.
  bool stepwise() const;

  int64_t beside_words() const;   // width of the bottom layer's input beside a word's vector
  int64_t beside_layers() const;  // width of each higher layer's input beside the rows of the layer below
  int64_t width() const { return readout_ == nullptr ? top_ : readout_->width(); }  // width of the output layer's input
  int64_t fed() const { return input_feeding_ ? width() : 0; }  // F: width of the vector fed to the next step

 private:
  std::shared_ptr<Attention> attention_;
  std::shared_ptr<Readout> readout_;
  AttentionOrder order_;
  bool input_feeding_;
  int64_t top_;
  ParameterPlace place_;
};

/// The kinds that a decoder chooses from: `none` and each kind of attention, under its name.
using AttentionBlockRegistry = Registry<AttentionBlock, const AttentionBlockContext&>;
AttentionBlockRegistry blocks_of(const std::shared_ptr<const AttentionRegistry>& attentions);

}  // namespace seq2seq::nn
