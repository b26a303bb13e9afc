#include "seq2seq/nn/recurrent/lstm.h"
#include "seq2seq/nn/recurrent/stack.h"

namespace seq2seq::nn {

StackRegistry builtin_stacks() {
  StackRegistry registry;
  registry.add<Lstm>("lstm", "long short-term memory without peepholes; Sutskever et al. 2014, arXiv 1409.3215");
  return registry;
}

}  // namespace seq2seq::nn
