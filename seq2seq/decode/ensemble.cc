#include "seq2seq/decode/ensemble.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/logaddexp.h>
#include <c10/util/Exception.h>

#include "seq2seq/decode/ranking.h"
#include "seq2seq/nn/output/packed_ranking.h"

namespace seq2seq::decode {
namespace {

struct EnsembleState final : PredictorState {
  std::vector<std::unique_ptr<PredictorState>> members;
  int64_t hypotheses = 0;
};

const EnsembleState& cast(const PredictorState& state) { return dynamic_cast<const EnsembleState&>(state); }

/// Turns the result of EnsemblePredictor::mean() into log-probabilities, in place; banned words become minus infinity.
at::Tensor to_log(at::Tensor mean, EnsembleMean kind) {
  return kind == EnsembleMean::log_probabilities ? mean : mean.clamp_min_(0).log_();
}

}  // namespace

EnsemblePredictor::EnsemblePredictor(std::vector<EnsembleMember> members, EnsembleMean mean, bool unknown)
    : members_(std::move(members)), mean_(mean), never_written_(never_written(unknown)) {
  double sum = 0;
  for (const auto& member : members_) {
    TORCH_CHECK(std::isfinite(member.weight) && member.weight > 0, "weights of an ensemble are above 0");
    sum += member.weight;
  }
  TORCH_CHECK(!members_.empty(), "an ensemble needs at least one member");
  for (auto& member : members_) member.weight /= sum;
}

std::unique_ptr<PredictorState> EnsemblePredictor::start(const Sources& sources) const {
  TORCH_CHECK(sources.readings.size() == members_.size(), "expected one reading of the sources per member");
  auto state = std::make_unique<EnsembleState>();
  for (size_t i = 0; i < members_.size(); ++i)
    state->members.push_back(members_[i].predictor->start(sources.readings[i]));
  state->hypotheses = sources.sentences();
  return state;
}

void EnsemblePredictor::read(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const {
  auto& ours = dynamic_cast<EnsembleState&>(state);
  for (size_t i = 0; i < members_.size(); ++i) members_[i].predictor->read(*ours.members[i], survivors, tokens);
  ours.hypotheses = tokens.size(0);
}

void EnsemblePredictor::append(PredictorState& state, const PredictorState& other) const {
  auto& ours = dynamic_cast<EnsembleState&>(state);
  const auto& theirs = cast(other);
  for (size_t i = 0; i < members_.size(); ++i) members_[i].predictor->append(*ours.members[i], *theirs.members[i]);
  ours.hypotheses += theirs.hypotheses;
}

std::unique_ptr<PredictorState> EnsemblePredictor::selected(const PredictorState& state,
                                                            const nn::Ids& hypotheses) const {
  const auto& ours = cast(state);
  auto chosen = std::make_unique<EnsembleState>();
  for (size_t i = 0; i < members_.size(); ++i)
    chosen->members.push_back(members_[i].predictor->selected(*ours.members[i], hypotheses));
  chosen->hypotheses = hypotheses.size(0);
  return chosen;
}

at::Tensor EnsemblePredictor::mean(const PredictorState& state, int64_t first, int64_t count) const {
  const auto& ours = cast(state);
  at::Tensor sum;  // [count, V]
  for (size_t i = 0; i < members_.size(); ++i) {
    auto part = members_[i].predictor->log_probabilities(*ours.members[i], first, count);
    if (mean_ == EnsembleMean::probabilities) part.exp_();
    if (sum.defined())
      sum.add_(part.to(sum.device()), members_[i].weight);
    else
      sum = part.mul_(members_[i].weight);
  }
  return sum;
}

std::optional<nn::TopK> EnsemblePredictor::mixed_best(const PredictorState& state, int64_t k,
                                                      const nn::Bans& bans) const {
  const auto mixture =
      mean_ == EnsembleMean::probabilities ? nn::Mixture::probabilities : nn::Mixture::log_probabilities;
  std::vector<nn::MixedLayer> layers;
  for (size_t i = 0; i < members_.size(); ++i) {
    const auto [ranking, features] = members_[i].predictor->ranked(*cast(state).members[i]);
    if (ranking == nullptr) return std::nullopt;
    layers.push_back({.ranking = ranking, .features = features, .weight = members_[i].weight});
  }
  return nn::mixture_top_k(layers, mixture, k, bans);
}

nn::TopK EnsemblePredictor::best(const PredictorState& state, int64_t k, const nn::Bans& bans) const {
  const at::NoGradGuard no_gradient;
  const auto all = with_banned(bans, never_written_);
  if (auto best = mixed_best(state, k, all)) return *std::move(best);
  auto best = best_in_parts(cast(state).hypotheses, k, all,
                            [&](int64_t first, int64_t count) { return mean(state, first, count); });
  best.scores = to_log(best.scores, mean_);
  return best;
}

at::Tensor EnsemblePredictor::log_probabilities(const PredictorState& state, int64_t first, int64_t count) const {
  const at::NoGradGuard no_gradient;
  return to_log(mean(state, first, count), mean_);
}

at::Tensor EnsemblePredictor::joined(const std::function<at::Tensor(size_t)>& score_of) const {
  at::Tensor sum;  // [n]
  for (size_t i = 0; i < members_.size(); ++i) {
    const double weight = members_[i].weight;
    auto part = score_of(i);
    part = mean_ == EnsembleMean::probabilities ? part + std::log(weight) : part * weight;
    if (!sum.defined())
      sum = part;
    else if (mean_ == EnsembleMean::probabilities)
      sum = at::logaddexp(sum, part.to(sum.device()));
    else
      sum.add_(part.to(sum.device()));
  }
  return sum;
}

at::Tensor EnsemblePredictor::next_scores(const PredictorState& state, const nn::Ids& hypotheses,
                                          const nn::Ids& words) const {
  return joined(
      [&](size_t i) { return members_[i].predictor->next_scores(*cast(state).members[i], hypotheses, words); });
}

at::Tensor EnsemblePredictor::score(const Sources& sources, const nn::Packed& inputs, const nn::Packed& targets,
                                    const nn::Ids& owner) const {
  TORCH_CHECK(sources.readings.size() == members_.size(), "expected one reading of the sources per member");
  return joined([&](size_t i) { return members_[i].predictor->score(sources.readings[i], inputs, targets, owner); });
}

int64_t EnsemblePredictor::longest_output() const {
  int64_t longest = nn::no_longest_sentence;
  for (const auto& member : members_) longest = std::min(longest, member.predictor->longest_output());
  return longest;
}

}  // namespace seq2seq::decode
