#pragma once

#include <memory>
#include <vector>

#include "seq2seq/nn/model/model.h"

namespace seq2seq::decode {

/// The hypotheses a search has under way, R of them, as a predictor sees them.
class PredictorState {
 public:
  virtual ~PredictorState() = default;
};

/// What a search sees of a model, or of several together: it never asks what kind of model it holds.
class Predictor {
 public:
  virtual ~Predictor() = default;
  /// Reads the sources (encoder ids, as data::make_sources packs them). One hypothesis a sentence, in order; nothing written yet.
  virtual std::unique_ptr<PredictorState> start(const nn::Packed& sources) const = 0;
  /// Keeps the hypotheses `survivors` [R'] (indices into the last call's, repeated at will) and appends `tokens` [R'] to them. Returns the k best next words of
  /// each, never one of the banned.
  virtual nn::TopK extend(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens, int64_t k) const = 0;
  /// Natural log-probability of each target row given its source, float64 [N], in packed order of `batch.targets`; end symbols are rows too.
  virtual at::Tensor score(const nn::Packed& sources, const nn::Packed& inputs, const nn::Packed& targets) const = 0;
};

/// One model. Start symbol and unknown word are never written (`unknown` lifts the latter).
class ModelPredictor final : public Predictor {
 public:
  explicit ModelPredictor(const nn::Model& model, bool unknown = false);
  std::unique_ptr<PredictorState> start(const nn::Packed& sources) const override;
  nn::TopK extend(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens, int64_t k) const override;
  at::Tensor score(const nn::Packed& sources, const nn::Packed& inputs, const nn::Packed& targets) const override;

 private:
  const nn::Model* model_;
  nn::Ids banned_;
};

}  // namespace seq2seq::decode
