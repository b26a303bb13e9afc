#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/nn/stage/stage.h"

namespace seq2seq::parallel {

/// One piece of work of an update: a stage takes some steps of a batch forward, backward, or makes the derivatives of
/// its parameters from them.
struct Job {
  enum class Kind { forward, backward, weights } kind = Kind::forward;
  int64_t micro_batch = 0;  // which part of the batch
  int64_t stage = 0;
  int64_t place = 0;
  nn::Piece piece;
  std::vector<int64_t> needs;  // numbers of the jobs that come before it
  double products = 0;         // multiplications and additions, as pairs
};

/// `forward`, `backward`, `weights`.
std::string name_of(Job::Kind kind);

/// Numbers of sentences running at each step, on both sides of a batch.
struct BatchShape {
  std::vector<int64_t> source, target;
};

/// Division of the steps of a batch.
struct Cut {
  int64_t chunk = 0;          // steps of a piece; 0: all in one
  int64_t weight_rows = 512;  // derivatives of parameters are made for so many rows at once, or more
};

/// All jobs of an update and what each waits for. A job that runs backward without a `weights` job of its own makes the
/// derivatives of the parameters, too.
struct JobGraph {
  std::vector<nn::Stage> stages;
  std::vector<Job> jobs;  // each after those it needs
  int64_t places = 1;
};

/// `batches`: one a micro-batch.
JobGraph make_jobs(const std::vector<nn::Stage>& stages, const std::vector<BatchShape>& batches, const Cut& cut);

/// The longest chain of jobs that leads to each job, itself not counted: the earliest step of a clock at which it could
/// run if every job took one.
std::vector<int64_t> levels(const JobGraph& graph);

}  // namespace seq2seq::parallel
