#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/Functions.h>

#include "seq2seq/decode/predictor.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::test {

/// Writes given outputs, whatever the sources are: what measures outputs can be tried on any text without a model.
/// Every token has log-probability -1.
class ScriptedPredictor final : public decode::Predictor {
 public:
  /// The ids of each sentence's output, by the sentence's number, without end symbols.
  explicit ScriptedPredictor(std::vector<std::vector<int64_t>> outputs) : outputs_(std::move(outputs)) {}

  const std::vector<std::vector<int64_t>>& outputs() const { return outputs_; }

  std::unique_ptr<decode::PredictorState> start(const nn::Packed& sources) const override {
    auto state = std::make_unique<State>();
    for (int64_t i = 0; i < sources.sentences(); ++i)
      state->places.push_back({sources.layout->key[i].item<int64_t>(), 0});
    return state;
  }

  nn::TopK extend(decode::PredictorState& state, const nn::Ids& survivors, const nn::Ids& /*tokens*/,
                  int64_t /*k*/) const override {
    auto& places = static_cast<State&>(state).places;
    std::vector<Place> kept;
    auto ids = at::empty({survivors.size(0), 1}, at::kLong);
    for (int64_t i = 0; i < survivors.size(0); ++i) {
      auto place = places[static_cast<size_t>(survivors[i].item<int64_t>())];
      const auto& output = outputs_[static_cast<size_t>(place.sentence)];
      ids[i][0] = place.written < output.size() ? output[place.written] : text::end_id;
      kept.push_back({place.sentence, place.written + 1});
    }
    places = std::move(kept);
    return {at::full_like(ids, -1, at::kDouble), ids};
  }

  at::Tensor score(const nn::Packed&, const nn::Packed&, const nn::Packed& targets) const override {
    return at::full({targets.rows.size(0)}, -1, at::kDouble);
  }

 private:
  struct Place {
    int64_t sentence;
    size_t written;
  };
  struct State final : decode::PredictorState {
    std::vector<Place> places;
  };

  std::vector<std::vector<int64_t>> outputs_;
};

}  // namespace seq2seq::test
