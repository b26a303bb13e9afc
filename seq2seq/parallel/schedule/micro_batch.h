#pragma once

#include "seq2seq/parallel/schedule/schedule.h"

namespace seq2seq::parallel {

struct MicroBatchOptions {
  int64_t count = 4;
};
void declare(config::Keys& keys, MicroBatchOptions& options);

/// Splits the batch by sentences. The parts follow each other through the stages, each with all steps at once (Huang et
/// al. 2019, arXiv 1811.06965). A place prefers backward jobs, so that few parts are in progress at a time (Narayanan
/// et al. 2021, arXiv 2104.04473).
class MicroBatchSchedule final : public Schedule {
 public:
  using Options = MicroBatchOptions;
  explicit MicroBatchSchedule(const Options& options) : options_(options) {}
  int64_t micro_batches() const override { return options_.count; }
  bool cuts_steps() const override { return false; }
  std::vector<int64_t> order(const JobGraph& graph) const override;

 private:
  Options options_;
};

}  // namespace seq2seq::parallel
