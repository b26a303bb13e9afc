#include "seq2seq/decode/predictor.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>

#include "seq2seq/decode/ranking.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {
namespace {

/// Number of next words that a model scores together. If the output layer cannot score without them, their logits are
/// one matrix.
constexpr int64_t scored_rows = 1024;

struct ModelState final : PredictorState {
  std::unique_ptr<nn::DecoderState> decoder;
  nn::Features features;  // input of the output layer after the last word read; undefined before the first
  int64_t read = 0;       // words of each hypothesis, the start symbol included
  int64_t hypotheses = 0;
};

/// Returns true if all of `count` hypotheses continue in their order, as in greedy search while no sentence has ended.
bool keeps_all(const nn::Ids& survivors, int64_t count) {
  if (!survivors.is_cpu() || survivors.size(0) != count) return false;
  const auto here = survivors.contiguous();
  const auto* first = here.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i)
    if (first[i] != i) return false;
  return true;
}

const nn::Features& features_of(const PredictorState& state) {
  const auto& features = dynamic_cast<const ModelState&>(state).features;
  TORCH_CHECK(features.rows.defined(), "a predictor must read a word before it can predict the next");
  return features;
}

nn::Features features_at(const nn::Features& features, const nn::Ids& rows) {
  const auto chosen = [&rows](const at::Tensor& tensor) {
    return tensor.defined() ? tensor.index_select(0, rows.to(tensor.device())) : tensor;
  };
  return {.rows = chosen(features.rows), .attention = chosen(features.attention), .source = chosen(features.source)};
}

at::Tensor first_ids(int64_t count, c10::Device device) {
  return at::arange(count, at::TensorOptions().dtype(at::kLong).device(device));
}

}  // namespace

at::Tensor Predictor::next_scores(const PredictorState& state, const nn::Ids& hypotheses, const nn::Ids& words) const {
  const auto* rows = hypotheses.const_data_ptr<int64_t>();
  const auto* const end = rows + hypotheses.size(0);
  std::vector<at::Tensor> scores{at::empty({0}, at::kDouble)};
  for (const auto *first = rows, *last = first; first != end; first = last) {
    last = std::lower_bound(first, end, *first + probability_rows);
    const auto all = log_probabilities(state, *first, last[-1] - *first + 1);  // [count, V]
    const int64_t from = first - rows, count = last - first;
    const auto row = (hypotheses.narrow(0, from, count) - *first).to(all.device());
    scores.push_back(all.index({row, words.narrow(0, from, count).to(all.device())}).to(at::kCPU));
  }
  return at::cat(scores);
}

at::Tensor Predictor::attention(const Sources&, const nn::Packed&) const { return {}; }

at::Tensor Predictor::step_attention(const PredictorState&) const { return {}; }

nn::Ids never_written(bool unknown) {
  std::vector<int64_t> never{text::start_id};
  if (!unknown) never.push_back(text::unknown_id);
  return at::tensor(never, at::kLong);
}

ModelPredictor::ModelPredictor(const nn::Model& model, bool unknown)
    : model_(&model), never_written_(never_written(unknown)), ranking_(std::make_unique<Ranking>()) {}

const nn::WordRanking& ModelPredictor::Ranking::of(const nn::OutputLayer& output) {
  std::call_once(made_, [&] { ranking_ = output.ranking(); });
  return *ranking_;
}

std::unique_ptr<PredictorState> ModelPredictor::start(const Sources& sources) const {
  const at::NoGradGuard no_gradient;
  const c10::Device device = model_->input_device();
  const nn::Memory memory = model_->encode(data::to(sources.readings.front(), device), nullptr);
  auto state = std::make_unique<ModelState>();
  state->decoder = model_->start(memory, first_ids(sources.sentences(), device));
  state->hypotheses = sources.sentences();
  return state;
}

void ModelPredictor::read(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens) const {
  const at::NoGradGuard no_gradient;
  auto& model_state = dynamic_cast<ModelState&>(state);
  const c10::Device device = model_->input_device();
  model_state.decoder->wants_attention = state.wants_attention;
  if (!keeps_all(survivors, model_state.hypotheses)) model_state.decoder->select(survivors.to(device));
  model_state.hypotheses = survivors.size(0);
  const nn::Packed inputs{tokens.to(device), data::make_step(tokens.size(0), model_state.read++)->on(device)};
  model_state.features = model_->advance(inputs, *model_state.decoder, nullptr);
}

void ModelPredictor::append(PredictorState& state, const PredictorState& other) const {
  const at::NoGradGuard no_gradient;
  auto& ours = dynamic_cast<ModelState&>(state);
  const auto& theirs = dynamic_cast<const ModelState&>(other);
  TORCH_CHECK(ours.read == theirs.read, "hypotheses of ", ours.read, " and of ", theirs.read, " words read together");
  ours.decoder->append(*theirs.decoder);
  ours.hypotheses += theirs.hypotheses;
  if (ours.features.rows.defined()) ours.features = nn::joined(ours.features, theirs.features);
}

std::unique_ptr<PredictorState> ModelPredictor::selected(const PredictorState& state, const nn::Ids& hypotheses) const {
  const at::NoGradGuard no_gradient;
  const auto& ours = dynamic_cast<const ModelState&>(state);
  auto chosen = std::make_unique<ModelState>();
  chosen->wants_attention = ours.wants_attention;
  chosen->decoder = ours.decoder->selected(hypotheses.to(model_->input_device()));
  chosen->read = ours.read;
  chosen->hypotheses = hypotheses.size(0);
  return chosen;
}

nn::TopK ModelPredictor::best(const PredictorState& state, int64_t k, const nn::Bans& bans) const {
  const at::NoGradGuard no_gradient;
  return ranking_->of(model_->output()).top_k(features_of(state), k, with_banned(bans, never_written_));
}

at::Tensor ModelPredictor::log_probabilities(const PredictorState& state, int64_t first, int64_t count) const {
  return model_->output().log_probabilities(nn::part_of(features_of(state), first, count));
}

at::Tensor ModelPredictor::next_scores(const PredictorState& state, const nn::Ids& hypotheses,
                                       const nn::Ids& words) const {
  const at::NoGradGuard no_gradient;
  const auto& features = features_of(state);
  std::vector<at::Tensor> scores{
      at::empty({0}, at::TensorOptions().dtype(at::kDouble).device(model_->output().home()))};
  for (int64_t first = 0; first < words.size(0); first += scored_rows) {
    const int64_t count = std::min(scored_rows, words.size(0) - first);
    scores.push_back(model_->output().score(features_at(features, hypotheses.narrow(0, first, count)),
                                            words.narrow(0, first, count)));
  }
  return at::cat(scores);
}

RankedRows ModelPredictor::ranked(const PredictorState& state) const {
  return {.ranking = &ranking_->of(model_->output()), .features = &features_of(state)};
}

at::Tensor ModelPredictor::step_attention(const PredictorState& state) const { return features_of(state).attention; }

int64_t ModelPredictor::longest_output() const {
  const int64_t longest = model_->longest_target();
  return longest == nn::no_longest_sentence ? longest : longest - 1;  // the start symbol has a position, too
}

nn::Features ModelPredictor::features(const nn::Packed& sources, const nn::Packed& inputs, const nn::Ids& owner,
                                      bool wants_attention) const {
  const c10::Device device = model_->input_device();
  const nn::Memory memory = model_->encode(data::to(sources, device), nullptr);
  const auto state = model_->start(memory, owner.defined() ? owner.to(device) : first_ids(sources.sentences(), device));
  state->wants_attention = wants_attention;
  return model_->advance(data::to(inputs, device), *state, nullptr);
}

at::Tensor ModelPredictor::score(const Sources& sources, const nn::Packed& inputs, const nn::Packed& targets,
                                 const nn::Ids& owner) const {
  const at::NoGradGuard no_gradient;
  return model_->output().score(features(sources.readings.front(), inputs, owner, /*wants_attention=*/false),
                                targets.rows);
}

at::Tensor ModelPredictor::attention(const Sources& sources, const nn::Packed& inputs) const {
  const at::NoGradGuard no_gradient;
  return features(sources.readings.front(), inputs, /*owner=*/{}, /*wants_attention=*/true).attention;
}

}  // namespace seq2seq::decode
