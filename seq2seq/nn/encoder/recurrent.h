#pragma once

#include <memory>
#include <vector>

#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/encoder/encoder.h"
#include "seq2seq/nn/recurrent/stack.h"

namespace seq2seq::nn {

struct RecurrentEncoderOptions {
  /// Layers that run in both directions: none, the first (Wu et al. 2016, arXiv 1609.08144, section 3.2) or all.
  enum class Bidirectional { none, first, all } bidirectional = Bidirectional::none;
  StackOptions stack;
};
void declare(config::Keys& keys, RecurrentEncoderOptions& options);

/// Reads a source: embedding, then a recurrent stack that starts from zeros (arXiv 1409.3215, section 3.4), in one
/// direction or in both (Schuster and Paliwal 1997; Bahdanau et al. 2014, arXiv 1409.0473, section 3.2). Its stack is
/// registered under the name of its kind of layer: `encoder.lstm.weight_ih_l0`, backward
/// `encoder.lstm.weight_ih_l0_reverse`.
class RecurrentEncoder final : public Encoder {
 public:
  using Options = RecurrentEncoderOptions;
  RecurrentEncoder(const Options& options, const EncoderContext& context);

  Memory encode(const Packed& ids, const Draw* draw) const override;
  int64_t width() const override { return stack_->width(); }
  std::vector<StateShape> last_shapes() const override { return stack_->state_shapes(); }
  /// Empty if it reads factors: it is then one stage.
  std::optional<EncoderLayers> layers() const override {
    if (embedding_.factors != nullptr) return {};
    return EncoderLayers{*embedding_.words, *stack_, dropout_};
  }

 private:
  EncoderDropout dropout_;
  SourceEmbedding embedding_;
  std::shared_ptr<Stack> stack_;
};

}  // namespace seq2seq::nn
