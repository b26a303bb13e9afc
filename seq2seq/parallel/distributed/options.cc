#include "seq2seq/parallel/distributed/options.h"

namespace seq2seq::parallel {

void declare(config::Keys& keys, DistributedOptions& options) {
  keys.add("backend", options.backend, "what sums gradients: gloo, nccl; auto: nccl on GPUs, gloo elsewhere")
      .one_of({"auto", "gloo", "nccl"})
      .changes_no_result();
  keys.add("timeout", options.timeout, "how long a process waits for another that does not answer")
      .unit("seconds")
      .at_least(1)
      .changes_no_result();
}

}  // namespace seq2seq::parallel
