#include "seq2seq/nn/recurrent/noise.h"

#include <cmath>

#include <ATen/ops/cat.h>
#include <ATen/ops/where.h>
#include <torch/csrc/autograd/autograd.h>

#include "seq2seq/nn/recurrent/stack.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;
using at::Tensor;

const Draw noise_draw{.seed = 4, .update = 2};
const Site noise_site{Site::Part::decoder_layer, 0};
const std::vector<int64_t> noisy_lengths{3, 1, 7, 7, 12, 2};

std::shared_ptr<Stack> noisy_stack(const std::string& kind, const Values& values) {
  const auto stacks = stacks_of(std::make_shared<LayerRegistry>(builtin_layers()));
  auto all = values;
  all["layers"] = "1";
  auto stack = stacks.make(small(stacks, kind, all), {.input = 3});
  randomize(*stack, 5, at::kDouble);
  return stack;
}

/// Returns the kinds with this key.
std::vector<std::string> kinds_with(const std::string& key) {
  std::vector<std::string> kinds{"lstm", "layer_norm_lstm", "projected_lstm"};
  if (key == "zoneout") kinds.push_back("gru");
  return kinds;
}

/// One row and state per step of a sentence; `step` makes them from the layer without noise.
struct ByHand {
  std::vector<Tensor> rows;  // one per step, [1, W]
  State last;
};
template <class Step>
ByHand by_hand(const Stack& plain, const Packed& batch, int64_t sentence, const Step& step_of) {
  ByHand result{.rows = {}, .last = plain.zero_states(1)[0]};
  const auto x = rows_of(batch, sentence);
  for (int64_t step = 0; step < x.size(0); ++step)
    step_of(step, Packed{x[step].unsqueeze(0), data::make_step(1, step)}, result);
  return result;
}

void check_same(const Packed& rows, const State& last, int64_t sentence, const ByHand& expected) {
  CHECK(torch::allclose(rows_of(rows, sentence), at::cat(expected.rows), 0, 1e-12));
  for (size_t part = 0; part < last.size(); ++part)
    CHECK(torch::allclose(last[part][sentence], expected.last[part][0], 0, 1e-12));
}

TEST_CASE("recurrent dropout: every step of a sentence reads h with the same units dropped",
          "[nn][recurrent][dropout]") {
  const auto kind = GENERATE_COPY(from_range(kinds_with("recurrent_dropout")));
  CAPTURE(kind);
  const torch::NoGradGuard no_gradient;
  torch::manual_seed(1);
  const auto noisy = noisy_stack(kind, {{"recurrent_dropout", "0.4"}}), plain = noisy_stack(kind, {});
  const auto batch = random_packed(noisy_lengths, 3);
  std::vector<State> states = noisy->zero_states(batch.sentences());
  const auto rows = noisy->run(batch, states, {.part = noise_site.part, .draw = &noise_draw});
  for (int64_t sentence = 0; sentence < batch.sentences(); ++sentence) {
    CAPTURE(sentence);
    const auto own = data::make_layout({1}, {sentence});  // keys are numbers of sentences
    const auto mask = dropout_mask(*own, noisy->width(), 0.4, noise_site.within(1), noise_draw).to(at::kDouble);
    check_same(rows, states[0], sentence,
               by_hand(*plain, batch, sentence, [&](int64_t, const Packed& x, ByHand& so_far) {
                 std::vector<State> state{so_far.last};
                 state[0][0] = state[0][0] * mask;
                 so_far.rows.push_back(plain->run(x, state).rows);
                 so_far.last = state[0];
               }));
  }
  auto untrained = noisy->zero_states(batch.sentences()), expected = untrained;
  CHECK(noisy->run(batch, untrained).rows.equal(plain->run(batch, expected).rows));  // outside of training
}

TEST_CASE("zoneout: units keep their value in training, and take the mean of both outside of it",
          "[nn][recurrent][dropout]") {
  const auto kind = GENERATE_COPY(from_range(kinds_with("zoneout")));
  const bool training = GENERATE(true, false);
  CAPTURE(kind, training);
  const torch::NoGradGuard no_gradient;
  torch::manual_seed(1);
  const auto noisy = noisy_stack(kind, {{"zoneout", "0.3"}}), plain = noisy_stack(kind, {});
  const auto batch = random_packed(noisy_lengths, 3);
  std::vector<State> states = noisy->zero_states(batch.sentences());
  const auto rows = noisy->run(batch, states, {.part = noise_site.part, .draw = training ? &noise_draw : nullptr});
  for (int64_t sentence = 0; sentence < batch.sentences(); ++sentence) {
    CAPTURE(sentence);
    const auto own = data::make_layout({noisy_lengths[static_cast<size_t>(sentence)]}, {sentence});
    const auto mixed = [&](uint32_t part, int64_t step, const Tensor& before, const Tensor& next) {
      if (!training) return 0.3 * before + 0.7 * next;
      const auto drawn = dropout_mask(*own, before.size(1), 0.3, noise_site.within(2 + part), noise_draw)[step];
      return at::where(drawn == 0, before, next);
    };
    check_same(rows, states[0], sentence,
               by_hand(*plain, batch, sentence, [&](int64_t step, const Packed& x, ByHand& so_far) {
                 std::vector<State> state{so_far.last};
                 plain->run(x, state);
                 for (uint32_t part = 0; part < state[0].size(); ++part)
                   so_far.last[part] = mixed(part, step, so_far.last[part], state[0][part]);
                 so_far.rows.push_back(so_far.last[0]);
               }));
  }
}

TEST_CASE("weight dropout: rows, states and gradients are those of a layer whose recurrent weights the mask has cut",
          "[nn][recurrent][dropout][gradient]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  CAPTURE(kind);
  torch::manual_seed(1);
  const auto dropping = noisy_stack(kind, {{"weight_dropout", "0.4"}}), plain = noisy_stack(kind, {});
  const auto batch = random_packed(noisy_lengths, 3);
  Tensor mask;
  {
    const torch::NoGradGuard no_gradient;
    auto weights = plain->named_parameters()["weight_hh_l0"];
    mask = recurrent_weight_mask(weights, 0.4, noise_site, noise_draw);
    const auto dropped = (mask == 0).to(at::kDouble).mean().item<double>();
    CHECK_THAT(dropped, WithinAbs(0.4, 4 * std::sqrt(0.24 / static_cast<double>(mask.numel()))));
    CHECK((mask == 0).logical_or((mask - 1 / 0.6).abs() < 1e-6).all().item<bool>());
    weights.mul_(mask);
  }
  auto states = dropping->zero_states(batch.sentences()), expected_states = states;
  const auto rows = dropping->run(batch, states, {.part = noise_site.part, .draw = &noise_draw}).rows;
  const auto expected = plain->run(batch, expected_states).rows;
  CHECK(torch::allclose(rows, expected, 0, 1e-12));
  for (size_t part = 0; part < states[0].size(); ++part)
    CHECK(torch::allclose(states[0][part], expected_states[0][part], 0, 1e-12));
  const auto found = torch::autograd::grad({rows.pow(2).sum()}, dropping->parameters());
  auto gradients = torch::autograd::grad({expected.pow(2).sum()}, plain->parameters());
  const auto names = plain->named_parameters().keys();
  for (size_t i = 0; i < names.size(); ++i) {
    CAPTURE(names[i]);
    if (names[i] == "weight_hh_l0") gradients[i] = gradients[i] * mask;
    CHECK(torch::allclose(found[i], gradients[i], 0, 1e-11));
  }
}

TEST_CASE("weight dropout: another seed, update or layer draws anew; without a draw nothing is dropped",
          "[nn][recurrent][dropout]") {
  const auto weights = at::zeros({16, 64});
  const auto mask = recurrent_weight_mask(weights, 0.5, noise_site, noise_draw);
  CHECK(mask.equal(recurrent_weight_mask(weights, 0.5, noise_site, noise_draw)));
  CHECK_FALSE(mask.equal(recurrent_weight_mask(weights, 0.5, noise_site, {.seed = 5, .update = 2})));
  CHECK_FALSE(mask.equal(recurrent_weight_mask(weights, 0.5, noise_site, {.seed = 4, .update = 3})));
  CHECK_FALSE(mask.equal(recurrent_weight_mask(weights, 0.5, {Site::Part::decoder_layer, 1}, noise_draw)));
  CHECK_FALSE(mask.equal(recurrent_weight_mask(weights, 0.5, {Site::Part::encoder_layer, 0}, noise_draw)));
  CHECK_FALSE(mask[0].equal(mask[1]));
  const auto dropping = noisy_stack("lstm", {{"weight_dropout", "0.4"}}), plain = noisy_stack("lstm", {});
  const auto batch = random_packed(noisy_lengths, 3);
  auto states = dropping->zero_states(batch.sentences()), expected = states;
  CHECK(dropping->run(batch, states).rows.equal(plain->run(batch, expected).rows));
}

TEST_CASE("noise along time: chunk by chunk equals all at once", "[nn][recurrent][dropout][property]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  const int64_t size = GENERATE(1, 3);
  const bool prepared = GENERATE(true, false), drops_units = GENERATE(true, false);
  CAPTURE(kind, size, prepared, drops_units);
  torch::manual_seed(1);
  const auto stack = noisy_stack(kind, {{"recurrent_dropout", drops_units ? "0.4" : "0"},
                                        {"zoneout", drops_units ? "0.3" : "0"},
                                        {"weight_dropout", "0.2"}});
  const auto batch = random_packed(noisy_lengths, 3);
  auto states = stack->zero_states(batch.sentences()), carried = states;
  const auto whole = stack->run(batch, states, {.part = noise_site.part, .draw = &noise_draw});
  const auto steps = stack->prepare_steps();
  std::vector<Tensor> pieces;
  for (int64_t first = 0; first < batch.layout->steps(); first += size) {
    const auto piece = data::chunk(batch, first, std::min(first + size, batch.layout->steps()));
    const StackCall call{.part = noise_site.part, .draw = &noise_draw, .prepared = prepared ? &steps : nullptr};
    pieces.push_back(stack->run(piece, carried, call).rows);
  }
  CHECK(torch::allclose(at::cat(pieces), whole.rows, 0, 1e-12));
  const auto gradients = [&](const Tensor& rows) {
    return torch::autograd::grad({rows.pow(2).sum()}, stack->parameters());
  };
  const auto found = gradients(at::cat(pieces)), expected = gradients(whole.rows);
  for (size_t i = 0; i < expected.size(); ++i) CHECK(torch::allclose(found[i], expected[i], 0, 1e-11));
}

}  // namespace
}  // namespace seq2seq::nn
