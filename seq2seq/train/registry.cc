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
  registry.add<NoClip>("none", "gradients stay as they are");
  registry.add<NormClip>("norm", "a norm above `limit` is scaled down to it; Sutskever et al. 2014, arXiv 1409.3215");
  registry.add<ValueClip>("value", "every component is cut to [-limit, limit]");
  registry.add<NormRangeClip>("norm_range", "the norm is brought into [min, max] from either side");
  return registry;
}

}  // namespace seq2seq::train
