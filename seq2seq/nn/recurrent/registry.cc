#include "seq2seq/nn/recurrent/layer.h"
#include "seq2seq/nn/recurrent/lstm.h"

namespace seq2seq::nn {

LayerRegistry builtin_layers() {
  LayerRegistry registry;
  registry.add<Lstm>("lstm", "long short-term memory without peepholes; Sutskever et al. 2014, arXiv 1409.3215");
  return registry;
}

}  // namespace seq2seq::nn
