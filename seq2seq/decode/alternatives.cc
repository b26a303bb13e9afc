#include "seq2seq/decode/alternatives.h"

#include <cmath>

#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {

std::vector<Alternative> alternatives(const Predictor& predictor, const Sources& sources,
                                      const std::vector<int64_t>& written, int64_t count) {
  TORCH_CHECK(sources.sentences() == 1, "alternatives are those of one sentence");
  const auto state = predictor.start(sources);
  const auto only = at::tensor({0}, at::kLong);
  predictor.read(*state, only, at::tensor({int64_t{text::start_id}}, at::kLong));
  for (const int64_t word : written) predictor.read(*state, only, at::tensor({word}, at::kLong));
  const auto best = predictor.best(*state, count, {});
  const auto scores = best.scores.to(at::kCPU).contiguous(), words = best.ids.to(at::kCPU).contiguous();  // [1, k]
  std::vector<Alternative> found;
  for (int64_t i = 0; i < scores.size(1); ++i) {
    const double score = scores.const_data_ptr<double>()[i];
    if (std::isinf(score)) break;  // the vocabulary has no more words
    found.push_back({.word = words.const_data_ptr<int64_t>()[i], .score = score});
  }
  return found;
}

}  // namespace seq2seq::decode
