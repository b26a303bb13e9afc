#include "seq2seq/decode/predictor.h"

#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/text/vocabulary.h"

namespace seq2seq::decode {
namespace {

struct ModelState final : PredictorState {
  std::unique_ptr<nn::DecoderState> decoder;
  int64_t written = 0;  // words of each hypothesis, the start symbol among them
};

at::Tensor first_ids(int64_t count, c10::Device device) {
  return at::arange(count, at::TensorOptions().dtype(at::kLong).device(device));
}

}  // namespace

ModelPredictor::ModelPredictor(const nn::Model& model, bool unknown) : model_(&model) {
  std::vector<int64_t> banned{text::start_id};
  if (!unknown) banned.push_back(text::unknown_id);
  banned_ = at::tensor(banned, at::kLong);
}

std::unique_ptr<PredictorState> ModelPredictor::start(const nn::Packed& sources) const {
  const at::NoGradGuard no_gradient;
  const c10::Device device = model_->input_device();
  const nn::Memory memory = model_->encode(data::to(sources, device), nullptr);
  auto state = std::make_unique<ModelState>();
  state->decoder = model_->start(memory, first_ids(sources.sentences(), device));
  return state;
}

nn::TopK ModelPredictor::extend(PredictorState& state, const nn::Ids& survivors, const nn::Ids& tokens,
                                int64_t k) const {
  const at::NoGradGuard no_gradient;
  auto& model_state = dynamic_cast<ModelState&>(state);
  const c10::Device device = model_->input_device();
  model_state.decoder = model_state.decoder->select(survivors.to(device));
  const nn::Packed inputs{tokens, data::make_step(tokens.size(0), model_state.written++)};
  const nn::Packed features = model_->advance(data::to(inputs, device), *model_state.decoder, nullptr);
  const nn::TopK best = model_->output().top_k(features.rows, k, banned_.to(features.rows.device()));
  return {best.scores.to(at::kCPU), best.ids.to(at::kCPU)};
}

at::Tensor ModelPredictor::score(const nn::Packed& sources, const nn::Packed& inputs, const nn::Packed& targets) const {
  const at::NoGradGuard no_gradient;
  const c10::Device device = model_->input_device();
  const nn::Memory memory = model_->encode(data::to(sources, device), nullptr);
  const auto state = model_->start(memory, first_ids(sources.sentences(), device));
  const nn::Packed features = model_->advance(data::to(inputs, device), *state, nullptr);
  return model_->output().score(features.rows, targets.rows.to(features.rows.device())).to(at::kCPU);
}

}  // namespace seq2seq::decode
