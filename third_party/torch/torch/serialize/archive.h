// Takes the place of LibTorch's header of this name in our own build, because <torch/nn/module.h> includes it only for
// these two declarations. The original includes TorchScript, which costs every source 1.5 seconds. A source that uses
// archives, as LibTorch's optimizers do, first includes input-archive.h and output-archive.h.
#pragma once

namespace torch::serialize {
class InputArchive;
class OutputArchive;
}  // namespace torch::serialize
