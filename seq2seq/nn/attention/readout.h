#pragma once

#include <cstdint>
#include <memory>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/deferred.h"
#include "seq2seq/nn/parameter.h"

namespace seq2seq::nn {

struct ReadoutOptions {
  enum class Activation { tanh, maxout, none } activation = Activation::tanh;
  int64_t width = 0;  // R; 0: as wide as the decoder
  bool embedding = false;
};
void declare(config::Keys& keys, ReadoutOptions& options);

/// Widths of the inputs of a readout; `embedding` counts only if the options use it.
struct ReadoutContext {
  int64_t context = 0, rows = 0, embedding = 0;
  ParameterPlace place;
};

/// Computes the output layer's input from a context and the decoder's row: tanh(W [c; h]), Luong et al. 2015, arXiv
/// 1508.04025, equation 5; or the maximum of neighbouring pairs of W [c; h; e], the deep output of Bahdanau et al.
/// 2014, arXiv 1409.0473, A.2.2, where e is the embedding of the word read.
class Readout final : public Module {
 public:
  Readout(const ReadoutOptions& options, const ReadoutContext& context);
  /// context [Q, C], rows [Q, H], words [Q, E] -> [Q, R]. `product`: result of prepare_steps(), or null.
  at::Tensor operator()(const at::Tensor& context, const at::Tensor& rows, const at::Tensor& words,
                        const DeferredLinear* product = nullptr) const;
  /// For many calls of one step each with gradients. Call it again for each batch.
  std::shared_ptr<const DeferredLinear> prepare_steps() const { return std::make_shared<DeferredLinear>(weight_); }
  int64_t width() const { return width_; }
  bool reads_words() const { return options_.embedding; }

 private:
  ReadoutOptions options_;
  int64_t width_;
  at::Tensor weight_;  // [R or 2R, C + H (+ E)]
};

}  // namespace seq2seq::nn
