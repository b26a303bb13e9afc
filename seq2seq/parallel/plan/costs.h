#pragma once

#include <vector>

#include "seq2seq/parallel/plan/hardware.h"
#include "seq2seq/parallel/plan/outline.h"

namespace seq2seq::parallel {

/// Returns the cost of a job in seconds if nothing else runs.
struct JobCost {
  double transfer = 0;  // what comes from other devices
  double products = 0;  // on its device
  double memory = 0;    // on its device: what products do not hide
  double kernels = 0;   // on its device: the least time of each kernel
  double issue = 0;     // of the thread that issues work
  double work() const { return products + memory + kernels; }
};

/// The costs of each job of `graph`, made of the stages `placed` on the devices of `layout`.
std::vector<JobCost> costs_of(const JobGraph& graph, const Outline& placed, const Layout& layout,
                              const Hardware& hardware, Arithmetic arithmetic);

/// Bytes that a number of a model takes in products and activations.
double bytes_of(Arithmetic arithmetic);

/// The millions that a measured cost is counted in: products of a layer or output layer, numbers of the rows elsewhere;
/// the derivatives of a table are made once, whole, with the first step.
double millions_of(const OutlinedStage& outlined, Job::Kind kind, const nn::Piece& piece);

/// Returns the measured costs of a job; null: its kind costs nothing.
const std::vector<double>* measured_cost(const MeasuredOptions& measured, const nn::Stage& stage, Job::Kind kind);

}  // namespace seq2seq::parallel
