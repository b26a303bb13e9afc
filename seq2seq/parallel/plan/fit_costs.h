#pragma once

#include <vector>

namespace seq2seq::parallel {

/// Measured time of a job.
struct CostSample {
  double steps = 0, millions = 0;  // as in MeasuredOptions
  double seconds = 0;
};

/// Returns the costs per job, step and million that fit the samples best: least squares of relative errors, without
/// negative costs.
std::vector<double> fit_costs(const std::vector<CostSample>& samples);

}  // namespace seq2seq::parallel
