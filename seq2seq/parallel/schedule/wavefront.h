#pragma once

#include "seq2seq/parallel/schedule/schedule.h"

namespace seq2seq::parallel {

struct WavefrontOptions {
  bool deferred = false;
};
void declare(config::Keys& keys, WavefrontOptions& options);

/// Each layer passes on its steps as soon as they are computed (arXiv 1409.3215, section 3.5): a chunk of a layer runs
/// as soon as that chunk of the layer below and the chunk before it have run, so that the places work on a diagonal of
/// layers and chunks. Backward is the same in reverse. The derivatives of parameters are computed right after each
/// backward job.
class Wavefront final : public Schedule {
 public:
  using Options = WavefrontOptions;
  explicit Wavefront(const Options& options) : options_(options) {}
  std::vector<int64_t> order(const JobGraph& graph) const override;

 private:
  Options options_;
};

}  // namespace seq2seq::parallel
