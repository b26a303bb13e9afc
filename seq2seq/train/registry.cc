#include "seq2seq/train/adam.h"
#include "seq2seq/train/clip.h"
#include "seq2seq/train/optimizer.h"
#include "seq2seq/train/sgd.h"

namespace seq2seq::train {

OptimizerRegistry builtin_optimizers() {
  OptimizerRegistry registry;
  registry.add<Sgd>("sgd", "stochastic gradient descent, with or without momentum (arXiv 1409.3215: without)");
  registry.add<Adam>("adam", "Adam (Kingma and Ba 2015, arXiv 1412.6980)");
  registry.add<Adam>("adamw", "Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101)",
                     {.defaults = {.weight_decay = 0.01, .decoupled = true}});
  return registry;
}

ClipRegistry builtin_clips() {
  ClipRegistry registry;
  registry.add<NoClip>("none", "no clipping");
  registry.add<NormClip>("norm",
                         "scale the gradient down if its norm exceeds `limit`; Sutskever et al. 2014, arXiv 1409.3215");
  registry.add<ValueClip>("value", "cut every component to [-limit, limit]");
  registry.add<NormRangeClip>("norm_range", "scale the gradient so that its norm is in [min, max]");
  return registry;
}

}  // namespace seq2seq::train
