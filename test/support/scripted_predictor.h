#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/Functions.h>

#include "seq2seq/decode/predictor.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::test {

/// Writes given outputs for any sources, so that measurements of outputs can be tested without a model. Every token has
/// log-probability -1.
class ScriptedPredictor final : public decode::Predictor {
 public:
  /// The ids of the output of each sentence, by the number of the sentence, without end symbols.
  explicit ScriptedPredictor(std::vector<std::vector<int64_t>> outputs) : outputs_(std::move(outputs)) {}

  const std::vector<std::vector<int64_t>>& outputs() const { return outputs_; }

  std::unique_ptr<decode::PredictorState> start(const decode::Sources& all) const override {
    const auto& sources = all.readings.front();
    auto state = std::make_unique<State>();
    for (int64_t i = 0; i < sources.sentences(); ++i)
      state->places.push_back({sources.layout->key[i].item<int64_t>(), 0});
    return state;
  }

  void read(decode::PredictorState& state, const nn::Ids& survivors, const nn::Ids& /*tokens*/) const override {
    auto& places = dynamic_cast<State&>(state).places;
    std::vector<Place> kept;
    for (int64_t i = 0; i < survivors.size(0); ++i) {
      const auto& place = places[static_cast<size_t>(survivors[i].item<int64_t>())];
      kept.push_back({place.sentence, place.read + 1});
    }
    places = std::move(kept);
  }

  void append(decode::PredictorState& state, const decode::PredictorState& other) const override {
    const auto& more = dynamic_cast<const State&>(other).places;
    auto& places = dynamic_cast<State&>(state).places;
    places.insert(places.end(), more.begin(), more.end());
  }

  std::unique_ptr<decode::PredictorState> selected(const decode::PredictorState& state,
                                                   const nn::Ids& hypotheses) const override {
    const auto& places = dynamic_cast<const State&>(state).places;
    auto chosen = std::make_unique<State>();
    for (int64_t i = 0; i < hypotheses.size(0); ++i)
      chosen->places.push_back(places[static_cast<size_t>(hypotheses[i].item<int64_t>())]);
    return chosen;
  }

  nn::TopK best(const decode::PredictorState& state, int64_t /*k*/, const nn::Bans& /*bans*/) const override {
    const auto& places = dynamic_cast<const State&>(state).places;
    auto ids = at::empty({std::ssize(places), 1}, at::kLong);
    for (int64_t i = 0; i < ids.size(0); ++i) {
      const auto& place = places[static_cast<size_t>(i)];
      const auto& output = outputs_[static_cast<size_t>(place.sentence)];
      ids[i][0] = place.read <= output.size() ? output[place.read - 1] : text::end_id;
    }
    return {at::full_like(ids, -1, at::kDouble), ids};
  }

  at::Tensor log_probabilities(const decode::PredictorState&, int64_t, int64_t) const override {
    return {};  // nothing measured asks
  }

  at::Tensor score(const decode::Sources&, const nn::Packed&, const nn::Packed& targets,
                   const nn::Ids&) const override {
    return at::full({targets.rows.size(0)}, -1, at::kDouble);
  }

 private:
  struct Place {
    int64_t sentence;
    size_t read;  // words, with the start symbol
  };
  struct State final : decode::PredictorState {
    std::vector<Place> places;
  };

  std::vector<std::vector<int64_t>> outputs_;
};

}  // namespace seq2seq::test
