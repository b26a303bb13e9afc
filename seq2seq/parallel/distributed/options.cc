#include "seq2seq/parallel/distributed/options.h"

namespace seq2seq::parallel {

void declare(config::Keys& keys, DistributedOptions& options) {
  keys.add("backend", options.backend, "library that sums gradients. auto: nccl on GPUs, gloo elsewhere")
      .one_of({"auto", "gloo", "nccl"})
      .changes_no_result();
  keys.add("timeout", options.timeout, "time to wait for a process that does not answer")
      .unit("seconds")
      .at_least(1)
      .at_most(1e6)
      .changes_no_result();
}

}  // namespace seq2seq::parallel
