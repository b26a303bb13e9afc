#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "seq2seq/decode/predictor.h"

namespace seq2seq::test {

/// A predictor with made-up probabilities, drawn anew for each source and each beginning of an output. Its space is
/// small enough to list all outputs, and it is not smooth, so that a search must explore all of it.
class TreePredictor final : public decode::Predictor {
 public:
  struct Options {
    uint64_t seed = 1;
    int64_t words = 3;     // besides the specials
    double sharpness = 2;  // logits are uniform in [-sharpness, sharpness]; 0: all words are equal
    double end_logit = 0;  // added to the logit of the end symbol
    double grain = 0;      // scores are rounded down to multiples of it, so that many are equal; 0: no rounding
  };
  explicit TreePredictor(const Options& options) : options_(options) {}

  std::unique_ptr<decode::PredictorState> start(const decode::Sources& sources) const override;
  void read(decode::PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const override;
  void append(decode::PredictorState& state, const decode::PredictorState& other) const override;
  std::unique_ptr<decode::PredictorState> selected(const decode::PredictorState& state,
                                                   const nn::Ids& hypotheses) const override;
  nn::TopK best(const decode::PredictorState& state, int64_t k, const nn::Bans& bans) const override;
  at::Tensor log_probabilities(const decode::PredictorState& state, int64_t first, int64_t count) const override;
  at::Tensor step_attention(const decode::PredictorState& state) const override;
  at::Tensor score(const decode::Sources& sources, const nn::Packed& inputs, const nn::Packed& targets,
                   const nn::Ids& owner) const override;

  int64_t vocabulary() const;
  /// Natural log-probabilities of every word [V] after `written` (without start symbol), given a source.
  std::vector<double> next(const std::vector<int64_t>& source, const std::vector<int64_t>& written) const;
  /// Weights of the words of a source, which sum to 1, for the word that follows `written`.
  std::vector<double> attention_of(const std::vector<int64_t>& source, const std::vector<int64_t>& written) const;
  int64_t extended() const { return extended_; }  // hypotheses passed to read() so far

 private:
  Options options_;
  mutable std::atomic<int64_t> extended_ = 0;
};

}  // namespace seq2seq::test
