#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/parallel/plan/predict.h"

namespace seq2seq::parallel {

/// Machines that train one model together, each with the whole model and a part of the joint batch.
struct ServersPrediction {
  double update = 0;            // s
  double exposed = 0;           // s at its end in which the network still sums gradients
  double words_per_second = 0;  // of all
  double efficiency = 1;        // words_per_second divided by that of as many separate machines
};

/// Simulates the sum of gradients over `servers` machines: a ring, stage by stage in buckets as soon as they are
/// complete, while backward continues. Tables of embeddings send only the rows of the batch. `joint`: the batch of the
/// input is divided among the machines; otherwise each machine has its own.
ServersPrediction predict_servers(const PredictionInput& input, const Plan& plan, int64_t servers, bool joint);

/// Returns the seconds in which a ring of `servers` sums `bytes` of each, in buckets of at most `bucket` bytes.
double ring_seconds(const NetworkOptions& network, int64_t servers, double bytes, double bucket);

}  // namespace seq2seq::parallel
