#include "seq2seq/decode/fused_predictor.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <c10/util/Exception.h>

#include "seq2seq/decode/ranking.h"
#include "seq2seq/nn/output/packed_ranking.h"

namespace seq2seq::decode {

namespace {

struct FusedState final : PredictorState {
  std::unique_ptr<PredictorState> model, language_model;
  int64_t hypotheses = 0;
};

}  // namespace

FusedPredictor::FusedPredictor(std::unique_ptr<const Predictor> model, std::shared_ptr<const Predictor> language_model,
                               double weight, bool unknown)
    : model_(std::move(model)),
      language_model_(std::move(language_model)),
      weight_(weight),
      never_written_(never_written(unknown)) {
  TORCH_CHECK(weight >= 0, "a weight below 0 would let scores rise");
}

std::unique_ptr<PredictorState> FusedPredictor::start(const Sources& sources) const {
  auto state = std::make_unique<FusedState>();
  state->model = model_->start(sources);
  state->language_model = language_model_->start(sources);
  state->hypotheses = sources.sentences();
  return state;
}

void FusedPredictor::read(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const {
  auto& both = dynamic_cast<FusedState&>(state);
  both.model->wants_attention = both.wants_attention;
  model_->read(*both.model, survivors, tokens);
  language_model_->read(*both.language_model, survivors, tokens);
  both.hypotheses = tokens.size(0);
}

void FusedPredictor::append(PredictorState& state, const PredictorState& other) const {
  auto& ours = dynamic_cast<FusedState&>(state);
  const auto& theirs = dynamic_cast<const FusedState&>(other);
  model_->append(*ours.model, *theirs.model);
  language_model_->append(*ours.language_model, *theirs.language_model);
  ours.hypotheses += theirs.hypotheses;
}

std::unique_ptr<PredictorState> FusedPredictor::selected(const PredictorState& state, const nn::Ids& hypotheses) const {
  const auto& ours = dynamic_cast<const FusedState&>(state);
  auto chosen = std::make_unique<FusedState>();
  chosen->wants_attention = ours.wants_attention;
  chosen->model = model_->selected(*ours.model, hypotheses);
  chosen->language_model = language_model_->selected(*ours.language_model, hypotheses);
  chosen->hypotheses = hypotheses.size(0);
  return chosen;
}

at::Tensor FusedPredictor::log_probabilities(const PredictorState& state, int64_t first, int64_t count) const {
  const at::NoGradGuard no_gradient;
  const auto& both = dynamic_cast<const FusedState&>(state);
  auto own = model_->log_probabilities(*both.model, first, count);                            // [count, V]
  const auto added = language_model_->log_probabilities(*both.language_model, first, count);  // [count, V]
  TORCH_CHECK(own.sizes() == added.sizes(), "a model of ", own.sizes(), " and a language model of ", added.sizes());
  return own.add_(added.to(own.device()), weight_);
}

nn::TopK FusedPredictor::best(const PredictorState& state, int64_t k, const nn::Bans& bans) const {
  const at::NoGradGuard no_gradient;
  const auto all = with_banned(bans, never_written_);
  const auto& both = dynamic_cast<const FusedState&>(state);
  const auto own = model_->ranked(*both.model), added = language_model_->ranked(*both.language_model);
  if (own.ranking != nullptr && added.ranking != nullptr) {
    const std::vector<nn::MixedLayer> layers{{own.ranking, own.features, 1}, {added.ranking, added.features, weight_}};
    if (auto best = nn::mixture_top_k(layers, nn::Mixture::log_probabilities, k, all)) return *std::move(best);
  }
  return best_in_parts(both.hypotheses, k, all,
                       [&](int64_t first, int64_t count) { return log_probabilities(state, first, count); });
}

at::Tensor FusedPredictor::next_scores(const PredictorState& state, const nn::Ids& hypotheses,
                                       const nn::Ids& words) const {
  const auto& both = dynamic_cast<const FusedState&>(state);
  const auto own = model_->next_scores(*both.model, hypotheses, words);
  return own + weight_ * language_model_->next_scores(*both.language_model, hypotheses, words).to(own.device());
}

at::Tensor FusedPredictor::score(const Sources& sources, const nn::Packed& inputs, const nn::Packed& targets,
                                 const nn::Ids& owner) const {
  return model_->score(sources, inputs, targets, owner);
}

at::Tensor FusedPredictor::attention(const Sources& sources, const nn::Packed& inputs) const {
  return model_->attention(sources, inputs);
}

at::Tensor FusedPredictor::step_attention(const PredictorState& state) const {
  return model_->step_attention(*dynamic_cast<const FusedState&>(state).model);
}

int64_t FusedPredictor::longest_output() const {
  return std::min(model_->longest_output(), language_model_->longest_output());
}

std::unique_ptr<Predictor> make_predictor(const nn::Model& model, const DecodeOptions& options,
                                          std::shared_ptr<const Predictor> language_model) {
  auto own = std::make_unique<ModelPredictor>(model, options.allow_unknown);
  if (language_model == nullptr) return own;
  return std::make_unique<FusedPredictor>(std::move(own), std::move(language_model), options.language_model.weight,
                                          options.allow_unknown);
}

}  // namespace seq2seq::decode
