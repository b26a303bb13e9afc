#include "seq2seq/decode/score.h"

#include <utility>

namespace seq2seq::decode {

std::vector<PairScore> score(const Predictor& predictor, const data::Batch& batch,
                             const std::vector<nn::Packed>& others) {
  std::vector<PairScore> pairs(static_cast<size_t>(batch.sentences()));
  if (pairs.empty()) return pairs;
  std::vector<nn::Packed> sources{batch.source};
  sources.insert(sources.end(), others.begin(), others.end());
  const at::Tensor scores = predictor.score(Sources(std::move(sources)), batch.inputs, batch.targets, /*owner=*/{})
                                .to(at::kCPU)
                                .contiguous();                                      // [N] float64
  const at::Tensor owners = batch.targets.layout->owner.to(at::kCPU).contiguous();  // [N]
  const auto* score = scores.const_data_ptr<double>();
  const auto* owner = owners.const_data_ptr<int64_t>();
  // Rows are stored step by step, so the rows of each sentence are in the order of its words.
  for (int64_t row = 0; row < scores.size(0); ++row) {
    PairScore& pair = pairs[static_cast<size_t>(owner[row])];
    pair.token_scores.push_back(score[row]);
    pair.score += score[row];
  }
  return pairs;
}

std::vector<AttentionWeights> attention(const Predictor& predictor, const data::Batch& batch) {
  if (batch.sentences() == 0) return {};
  const at::Tensor found = predictor.attention(batch.source, batch.inputs);
  if (!found.defined()) return {};
  const at::Tensor weights = found.to(at::kCPU, at::kFloat).contiguous();          // [N, S]
  const at::Tensor owners = batch.inputs.layout->owner.to(at::kCPU).contiguous();  // [N]
  const auto* row = weights.const_data_ptr<float>();
  const auto* owner = owners.const_data_ptr<int64_t>();
  std::vector<AttentionWeights> pairs(static_cast<size_t>(batch.sentences()));
  for (int64_t i = 0; i < weights.size(0); ++i, row += weights.size(1)) {
    const auto pair = static_cast<size_t>(owner[i]);
    pairs[pair].emplace_back(row, row + batch.source.layout->lengths[pair]);
  }
  return pairs;
}

}  // namespace seq2seq::decode
