#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "seq2seq/decode/predictor.h"

namespace seq2seq::decode {

/// Kind of weighted mean that joins the models of an ensemble.
enum class EnsembleMean {
  probabilities,     // p = sum_m w_m p_m, as in arXiv 1409.3215
  log_probabilities  // log p = sum_m w_m log p_m: not normalized, so that probabilities sum to at most 1
};

/// One model of an ensemble, which must outlive it.
struct EnsembleMember {
  const Predictor* predictor = nullptr;
  double weight = 1;  // above 0; weights are divided by their sum
};

/// Several models with one target vocabulary that write one output together. Member m reads Sources::readings[m].
/// Members may differ in everything else: kind, size, source vocabulary, direction, device. Results are on the first
/// member's device. Besides the states of its members it stores the probabilities of only a few rows at a time, for any
/// number of members or hypotheses.
class EnsemblePredictor final : public Predictor {
 public:
  EnsemblePredictor(std::vector<EnsembleMember> members, EnsembleMean mean, bool unknown = false);
  std::unique_ptr<PredictorState> start(const Sources& sources) const override;
  void read(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const override;
  void append(PredictorState& state, const PredictorState& other) const override;
  std::unique_ptr<PredictorState> selected(const PredictorState& state, const nn::Ids& hypotheses) const override;
  nn::TopK best(const PredictorState& state, int64_t k, const nn::Bans& bans) const override;
  at::Tensor log_probabilities(const PredictorState& state, int64_t first, int64_t count) const override;
  at::Tensor next_scores(const PredictorState& state, const nn::Ids& hypotheses, const nn::Ids& words) const override;
  at::Tensor score(const Sources& sources, const nn::Packed& inputs, const nn::Packed& targets,
                   const nn::Ids& owner) const override;
  int64_t longest_output() const override;

 private:
  /// Returns the result of best() without computing a row of all words. Returns no value if the members' output layers
  /// cannot do this.
  std::optional<nn::TopK> mixed_best(const PredictorState& state, int64_t k, const nn::Bans& bans) const;
  /// Returns the weighted mean of the values that `mean_` selects, float64 [count, V].
  at::Tensor mean(const PredictorState& state, int64_t first, int64_t count) const;
  /// Joins the members' scores of the same words [n]. `score_of` maps a member's index to its scores.
  at::Tensor joined(const std::function<at::Tensor(size_t)>& score_of) const;

  std::vector<EnsembleMember> members_;  // with weights that sum to 1
  EnsembleMean mean_;
  nn::Ids never_written_;  // [n]
};

}  // namespace seq2seq::decode
