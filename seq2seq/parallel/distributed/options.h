#pragma once

#include <string>

#include "seq2seq/config/keys.h"

namespace seq2seq::parallel {

/// Communication of the processes that train one model.
struct DistributedOptions {
  std::string backend = "auto";  // gloo, nccl; auto: nccl for tensors on GPUs if it was built in, otherwise gloo
  double timeout = 300;          // seconds
};
void declare(config::Keys& keys, DistributedOptions& options);

}  // namespace seq2seq::parallel
