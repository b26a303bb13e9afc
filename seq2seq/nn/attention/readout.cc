#include "seq2seq/nn/attention/readout.h"

#include <ATen/ops/amax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tanh.h>

namespace seq2seq::nn {

using Activation = ReadoutOptions::Activation;

void declare(config::Keys& keys, ReadoutOptions& options) {
  keys.add("activation", options.activation,
           {{"tanh", Activation::tanh}, {"maxout", Activation::maxout}, {"none", Activation::none}},
           "tanh: Luong et al. 2015; maxout: the larger of each pair of neighbouring units, Bahdanau et al. 2014; "
           "none: the output layer reads only the decoder's rows");
  keys.add("width", options.width, "width R of the output layer's input; 0: the number of cells of the decoder")
      .at_least(0)
      .at_most(1e6);
  keys.add("embedding", options.embedding, "let the readout also read the vector of the input word");
}

Readout::Readout(const ReadoutOptions& options, const ReadoutContext& context)
    : options_(options), width_(options.width > 0 ? options.width : context.rows) {
  const int64_t made = options.activation == Activation::maxout ? 2 * width_ : width_;
  const int64_t read = context.context + context.rows + (options.embedding ? context.embedding : 0);
  weight_ = add_parameter("weight", {made, read}, {.kind = Role::Kind::projection}, context.place);
}

at::Tensor Readout::operator()(const at::Tensor& context, const at::Tensor& rows, const at::Tensor& words,
                               const DeferredLinear* product) const {
  const auto read = options_.embedding ? at::cat({context, rows, words}, 1) : at::cat({context, rows}, 1);
  const auto made = product == nullptr ? at::matmul(read, weight_.t()) : (*product)(read);
  return options_.activation == Activation::maxout ? made.view({made.size(0), width_, 2}).amax(2) : at::tanh(made);
}

}  // namespace seq2seq::nn
