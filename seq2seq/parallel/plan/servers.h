#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/parallel/plan/predict.h"

namespace seq2seq::parallel {

/// Machines that train one model together, each with all of it and a part of the joint batch.
struct ServersPrediction {
  double update = 0;            // s
  double exposed = 0;           // s of it after the gradients, while the network still sums them
  double words_per_second = 0;  // of all
  double efficiency = 1;        // words_per_second over those of as many machines alone
};

/// Simulates the sum of gradients over `servers` machines: a ring, stage by stage in buckets as soon as they are whole,
/// while backward goes on. Tables of embeddings send the rows of the batch alone. `joint`: the batch of the question is
/// dealt out; otherwise each machine has one of its own.
ServersPrediction predict_servers(const Question& question, const Plan& plan, int64_t servers, bool joint);

/// Seconds that a ring of `servers` takes to sum `bytes` of each, in buckets of at most `bucket` bytes.
double ring_seconds(const NetworkOptions& network, int64_t servers, double bytes, double bucket);

}  // namespace seq2seq::parallel
