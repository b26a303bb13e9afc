#include <memory>
#include <utility>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/model/language_model.h"
#include "seq2seq/nn/model/seq2seq.h"
#include "seq2seq/nn/model/transformer.h"
#include "seq2seq/nn/model/transformer_language_model.h"

namespace seq2seq::nn {

void check_shared_vocabulary(const ModelContext& context) {
  if (context.source_vocabulary == context.target_vocabulary) return;
  throw UsageError(fmt::format("shared word vectors need one vocabulary, but the source has {} words and the target {}",
                               context.source_vocabulary, context.target_vocabulary),
                   "Set `data.shared_vocabulary: true`, or `model.embedding.shared: false`");
}

ModelRegistry builtin_models(std::shared_ptr<const Parts> parts) {
  ModelRegistry registry;
  Seq2SeqOptions defaults;
  defaults.parts = parts;
  registry.add<Seq2Seq>("rnn", "recurrent encoder and decoder; Sutskever et al. 2014, arXiv 1409.3215",
                        {.defaults = std::move(defaults)});
  registry.add<Transformer>("transformer", "self-attention on both sides; Vaswani et al. 2017, arXiv 1706.03762",
                            {.defaults = {.parts = std::move(parts)}});
  return registry;
}

ModelRegistry builtin_language_models(std::shared_ptr<const Parts> parts) {
  ModelRegistry registry;
  registry.add<LanguageModel>("rnn", "recurrent language model; Mikolov et al. 2010", {.defaults = {.parts = parts}});
  registry.add<TransformerLanguageModel>("transformer",
                                         "self-attention over the words so far; Vaswani et al. 2017, arXiv 1706.03762",
                                         {.defaults = {.parts = std::move(parts)}});
  return registry;
}

}  // namespace seq2seq::nn
