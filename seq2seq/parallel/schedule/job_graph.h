#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/nn/stage/stage.h"

namespace seq2seq::parallel {

/// One piece of work of an update: a stage runs some steps of a batch forward or backward, or computes the derivatives
/// of its parameters from them.
struct Job {
  enum class Kind { forward, backward, weights } kind = Kind::forward;
  int64_t micro_batch = 0;  // number of the part of the batch
  int64_t stage = 0;
  int64_t place = 0;
  nn::Piece piece;
  std::vector<int64_t> needs;  // numbers of the jobs that it depends on
  double products = 0;         // multiply-adds
};

/// `forward`, `backward`, `weights`.
std::string name_of(Job::Kind kind);

/// Numbers of sentences running at each step, on both sides of a batch.
struct BatchShape {
  std::vector<int64_t> source, target;
};

/// Division of the steps of a batch.
struct Cut {
  int64_t chunk = 0;          // steps per piece; 0: all in one
  int64_t weight_rows = 512;  // minimum number of rows for which derivatives of parameters are computed at once
};

/// All jobs of an update with their dependencies. A backward job without a separate `weights` job also computes the
/// derivatives of the parameters.
struct JobGraph {
  std::vector<nn::Stage> stages;
  std::vector<Job> jobs;  // each after those it depends on
  int64_t places = 1;
};

/// `batches`: one per micro-batch.
JobGraph make_jobs(const std::vector<nn::Stage>& stages, const std::vector<BatchShape>& batches, const Cut& cut);

/// Returns, for each job, the length of the longest chain of jobs before it: its earliest possible start if every job
/// took one unit of time.
std::vector<int64_t> levels(const JobGraph& graph);

}  // namespace seq2seq::parallel
