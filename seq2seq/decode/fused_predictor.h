#pragma once

#include <memory>

#include "seq2seq/decode/predictor.h"
#include "seq2seq/decode/search.h"

namespace seq2seq::decode {

/// A model with a language model of the same target words: shallow fusion, Gulcehre et al. 2015, arXiv 1503.03535,
/// section 4.1. The search uses log p(word) of the model + weight * log p(word) of the language model, for all words
/// that may be written. score(), attention() and step_attention() are the model's.
class FusedPredictor final : public Predictor {
 public:
  /// `language_model` must have the words of `model`, with the same ids; it ignores sources. `weight` must be at least
  /// 0, so that scores only fall as outputs grow. `unknown`: as for ModelPredictor.
  FusedPredictor(std::unique_ptr<const Predictor> model, std::shared_ptr<const Predictor> language_model, double weight,
                 bool unknown = false);
  std::unique_ptr<PredictorState> start(const Sources& sources) const override;
  void read(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const override;
  void append(PredictorState& state, const PredictorState& other) const override;
  std::unique_ptr<PredictorState> selected(const PredictorState& state, const nn::Ids& hypotheses) const override;
  nn::TopK best(const PredictorState& state, int64_t k, const nn::Bans& bans) const override;
  /// Returns the sums [count, V]; their exponentials do not add up to 1.
  at::Tensor log_probabilities(const PredictorState& state, int64_t first, int64_t count) const override;
  /// Returns the sums of these words.
  at::Tensor next_scores(const PredictorState& state, const nn::Ids& hypotheses, const nn::Ids& words) const override;
  at::Tensor score(const Sources& sources, const nn::Packed& inputs, const nn::Packed& targets,
                   const nn::Ids& owner) const override;
  at::Tensor attention(const Sources& sources, const nn::Packed& inputs) const override;
  at::Tensor step_attention(const PredictorState& state) const override;
  int64_t longest_output() const override;

 private:
  std::unique_ptr<const Predictor> model_;
  std::shared_ptr<const Predictor> language_model_;
  double weight_;
  nn::Ids never_written_;  // [n]
};

/// Returns the predictor for these options. `model` must outlive it. The language model may be null: none.
std::unique_ptr<Predictor> make_predictor(const nn::Model& model, const DecodeOptions& options,
                                          std::shared_ptr<const Predictor> language_model);

}  // namespace seq2seq::decode
