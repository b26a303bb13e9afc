#pragma once

#include <cstdint>
#include <vector>

#include "seq2seq/nn/output/output.h"

namespace seq2seq::nn {

/// The softmax of an output layer over all words of several shards: rows [N, H] on any device, results on the first
/// shard's device.
///
/// The losses [N], with a graph. If `spec` has the derivative of the objective with respect to each loss, each shard
/// computes its derivatives at once and frees its logits, and backward() only passes them on.
at::Tensor sharded_loss(const std::vector<SoftmaxShard>& shards, const at::Tensor& rows, const Ids& targets,
                        const LossSpec& spec);
/// As in OutputLayer.
at::Tensor sharded_score(const std::vector<SoftmaxShard>& shards, const at::Tensor& rows, const Ids& targets);
TopK sharded_top_k(const std::vector<SoftmaxShard>& shards, const at::Tensor& rows, int64_t k, const Bans& bans);
at::Tensor sharded_log_probabilities(const std::vector<SoftmaxShard>& shards, const at::Tensor& rows);

}  // namespace seq2seq::nn
