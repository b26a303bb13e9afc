#pragma once

#include <cstdint>
#include <memory>

#include "seq2seq/nn/model/model.h"

namespace seq2seq::decode {

/// The hypotheses a search has under way, R of them, as a predictor sees them.
class PredictorState {
 public:
  virtual ~PredictorState() = default;
};

/// What a search sees of a model, or of several together: it never asks what kind of model it holds. No gradient is
/// kept. What a search hands in and gets back lies on the CPU, whatever device computes.
class Predictor {
 public:
  virtual ~Predictor() = default;
  /// Reads the sources (encoder ids, as data::make_sources packs them). One hypothesis a sentence, in order; nothing
  /// written yet.
  virtual std::unique_ptr<PredictorState> start(const nn::Packed& sources) const = 0;
  /// Keeps the hypotheses `survivors` [R'] (indices into the last call's, at first the sentences; repeated or left out
  /// at will) and appends `tokens` [R'] to them, at first the start symbol. Returns the k best next words of each,
  /// never one of the banned; fewer than k when the vocabulary has no more.
  virtual nn::TopK extend(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens, int64_t k) const = 0;
  /// Natural log-probability of each target row given its source, float64 [N], in packed order of `targets`; end
  /// symbols are rows too.
  virtual at::Tensor score(const nn::Packed& sources, const nn::Packed& inputs, const nn::Packed& targets) const = 0;
};

/// One model, which must outlive it. Start symbol and unknown word are never written (`unknown` lifts the latter);
/// their share of probability is not given to other words, so that a hypothesis has the score that score() gives it.
class ModelPredictor final : public Predictor {
 public:
  explicit ModelPredictor(const nn::Model& model, bool unknown = false);
  std::unique_ptr<PredictorState> start(const nn::Packed& sources) const override;
  nn::TopK extend(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens, int64_t k) const override;
  at::Tensor score(const nn::Packed& sources, const nn::Packed& inputs, const nn::Packed& targets) const override;

 private:
  const nn::Model* model_;
  nn::Ids banned_;  // [n]
};

}  // namespace seq2seq::decode
