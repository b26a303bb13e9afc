#include "seq2seq/nn/recurrent/gru.h"
#include "seq2seq/nn/recurrent/layer.h"
#include "seq2seq/nn/recurrent/layer_norm_lstm.h"
#include "seq2seq/nn/recurrent/lstm.h"
#include "seq2seq/nn/recurrent/projected_lstm.h"

namespace seq2seq::nn {

LayerRegistry builtin_layers() {
  LayerRegistry registry;
  registry.add<Lstm>("lstm", "long short-term memory without peepholes; Sutskever et al. 2014, arXiv 1409.3215");
  registry.add<Gru>("gru", "gated recurrent units; Cho et al. 2014, arXiv 1406.1078");
  registry.add<LayerNormLstm>("layer_norm_lstm",
                              "LSTM with layer normalization in the cell; Ba et al. 2016, arXiv 1607.06450");
  registry.add<ProjectedLstm>("projected_lstm", "LSTM with a projected state; Sak et al. 2014, arXiv 1402.1128");
  return registry;
}

}  // namespace seq2seq::nn
