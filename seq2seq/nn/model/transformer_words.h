#pragma once

#include <cstdint>
#include <memory>

#include "seq2seq/config/keys.h"
#include "seq2seq/nn/embedding.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/model/refusal.h"
#include "seq2seq/nn/output/output.h"
#include "seq2seq/nn/transformer/options.h"

/// The parts by which a Transformer reads and writes words, the same in its language model. `Options` is
/// TransformerOptions or TransformerLanguageModelOptions.
namespace seq2seq::nn {

template <class Options>
void declare_width(config::Keys& keys, Options& options) {
  keys.add("width", options.width, "width of word vectors and of the input and output of every layer")
      .unit("units")
      .at_least(1)
      .at_most(1e6);
}

/// Declares the output layer, and the rules for the width.
template <class Options>
void declare_output(config::Keys& keys, Options& options) {
  if (options.outputs == nullptr) options.outputs = std::make_shared<OutputRegistry>(options.parts->outputs);
  keys.select("output", options.output, *options.outputs, "output layer, which predicts the words");
  keys.rule("heads",
            [&options] { return refusal([&] { check_heads(options.layer, options.width, "model", "model.width"); }); });
  keys.rule("output", [&options] {
    return refusal([&] {
      check_output(*options.outputs, options.output, {.width = options.width, .tied = options.tied_embeddings});
    });
  });
}

/// `embedding`: of the target.
template <class Options>
std::shared_ptr<OutputLayer> make_output(const Options& options, const ModelContext& context,
                                         const Embedding& embedding) {
  const auto& outputs = options.outputs != nullptr ? *options.outputs : options.parts->outputs;
  return outputs.make(options.output, {.width = options.width,
                                       .vocabulary = context.target_vocabulary,
                                       .tied_weight = options.tied_embeddings ? embedding.weight() : at::Tensor(),
                                       .placement = context.placement,
                                       .type = context.type,
                                       .target_counts = context.target_counts});
}

}  // namespace seq2seq::nn
