#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "seq2seq/data/batch.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/parallel/plan/hardware.h"
#include "seq2seq/parallel/plan/outline.h"

namespace seq2seq::parallel {

/// Makes a batch of sentences of equal length that repeat one word.
data::Batch equal_batch(const BatchSize& size);

/// Measures the costs of the jobs of a model on one processor of this machine, the speed-up of one job on all
/// processors, and the combined speed of one job per processor. `models`: one copy of the model for each processor to
/// use; their gradients are discarded. `done`: called after each measurement.
Hardware measure_costs(const std::vector<std::shared_ptr<nn::Model>>& models, const BatchSize& batch,
                       const std::function<void(int done, int all)>& done);

}  // namespace seq2seq::parallel
