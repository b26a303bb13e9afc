#pragma once

#include <vector>

namespace seq2seq::parallel {

/// Measured time of a job.
struct CostSample {
  double steps = 0, millions = 0;  // as in MeasuredOptions
  double seconds = 0;
};

/// The costs a job, a step and a million that explain samples best: least squares of relative errors, none below zero.
std::vector<double> fit_costs(const std::vector<CostSample>& samples);

}  // namespace seq2seq::parallel
