#pragma once

#include <vector>

#include "seq2seq/parallel/plan/hardware.h"
#include "seq2seq/parallel/plan/outline.h"

namespace seq2seq::parallel {

/// Cost of a job, in seconds, if nothing else runs.
struct JobCost {
  double transfer = 0;  // for data from other devices
  double products = 0;  // on its device
  double memory = 0;    // on its device: memory access beyond the time of products
  double kernels = 0;   // on its device: the minimum time of each kernel
  double issue = 0;     // time of the thread that issues work
  double work() const { return products + memory + kernels; }
};

/// Returns the cost of each job of `graph`, for the stages `placed` on the devices of `layout`.
std::vector<JobCost> costs_of(const JobGraph& graph, const Outline& placed, const Layout& layout,
                              const Hardware& hardware, nn::Precision precision);

/// Returns the bytes of a number in products and activations.
double bytes_of(nn::Precision precision);

/// Returns the millions that multiply a measured cost: products for a layer or output layer, otherwise numbers of the
/// rows. The derivatives of a table are computed once, completely, with the first step.
double millions_of(const OutlinedStage& outlined, Job::Kind kind, const nn::Piece& piece);

/// Returns the measured costs of a job; null if jobs of this kind cost nothing.
const std::vector<double>* measured_cost(const MeasuredOptions& measured, const nn::Stage& stage, Job::Kind kind);

}  // namespace seq2seq::parallel
