#include <memory>
#include <utility>

#include "seq2seq/nn/model/seq2seq.h"
#include "seq2seq/nn/model/transformer.h"

namespace seq2seq::nn {

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

}  // namespace seq2seq::nn
