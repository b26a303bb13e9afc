#include "seq2seq/decode/score.h"

namespace seq2seq::decode {

std::vector<PairScore> score(const Predictor& predictor, const data::Batch& batch) {
  std::vector<PairScore> pairs(static_cast<size_t>(batch.sentences()));
  if (pairs.empty()) return pairs;
  const at::Tensor scores = predictor.score(batch.source, batch.inputs, batch.targets, /*owner=*/{})
                                .to(at::kCPU)
                                .contiguous();                                      // [N] float64
  const at::Tensor owners = batch.targets.layout->owner.to(at::kCPU).contiguous();  // [N]
  const auto* score = scores.const_data_ptr<double>();
  const auto* owner = owners.const_data_ptr<int64_t>();
  // Rows lie step by step, so that a sentence's own come in the order of its words.
  for (int64_t row = 0; row < scores.size(0); ++row) {
    PairScore& pair = pairs[static_cast<size_t>(owner[row])];
    pair.token_scores.push_back(score[row]);
    pair.score += score[row];
  }
  return pairs;
}

}  // namespace seq2seq::decode
