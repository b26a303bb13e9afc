// Layers that an update leaves out, in recurrent stacks and in Transformers.

#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/config/reader.h"
#include "seq2seq/core/error.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/recurrent/stack.h"
#include "seq2seq/nn/weights.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

std::shared_ptr<Stack> residual_stack(const std::string& kind, const std::string& layer_dropout) {
  const auto stacks = stacks_of(std::make_shared<LayerRegistry>(builtin_layers()));
  auto stack = stacks.make(small(stacks, kind,
                                 {{"layers", "4"},
                                  {"cells", "4"},
                                  {"projection", "3"},
                                  {"residual_from", "2"},
                                  {"layer_dropout", layer_dropout}}),
                           {.input = 3});
  randomize(*stack, 5, at::kDouble);
  return stack;
}

TEST_CASE("layer dropout: a recurrent layer that is left out gives what it read, and its state goes on",
          "[nn][recurrent][dropout]") {
  const auto kind = GENERATE_COPY(from_range(builtin_layers().names()));
  CAPTURE(kind);
  const torch::NoGradGuard no_gradient;
  torch::manual_seed(1);
  const auto dropping = residual_stack(kind, "0.5"), plain = residual_stack(kind, "0");
  const auto batch = random_packed({3, 1, 7, 7}, 3);
  int64_t left_out = 0, updates = 100;
  for (int64_t update = 0; update < updates; ++update) {
    CAPTURE(update);
    const Draw draw{.seed = 4, .update = update};
    auto states = plain->zero_states(4), expected_states = states;
    auto rows = batch;
    for (int64_t layer = 0; layer < 4; ++layer) {
      const auto read = rows;
      rows = plain->run_layer(layer, read, expected_states[static_cast<size_t>(layer)], {});
      const Site site{Site::Part::encoder_layer, static_cast<uint32_t>(layer)};
      if (!drops_layer(0.5, site.within(9), &draw) || layer == 0) continue;
      rows.rows = read.rows;
      ++left_out;
    }
    CHECK(torch::allclose(dropping->run(batch, states, {.draw = &draw}).rows, rows.rows, 0, 1e-12));
    for (size_t layer = 0; layer < 4; ++layer)
      CHECK(torch::allclose(states[layer][0], expected_states[layer][0], 0, 1e-12));
  }
  // Of 300 draws; four standard errors.
  CHECK_THAT(static_cast<double>(left_out), WithinAbs(150, 4 * std::sqrt(75)));
  auto states = plain->zero_states(4), expected = states;
  CHECK(dropping->run(batch, states).rows.equal(plain->run(batch, expected).rows));  // outside of training
}

TEST_CASE("layer dropout: without a layer that adds what it reads it is refused, with the reason",
          "[nn][recurrent][dropout][error]") {
  StackOptions options;
  config::Keys keys;
  declare(keys, options);
  const auto read = [&](const std::string& yaml) { config::read_text(yaml, "model.yaml", "/", {}, keys); };
  CHECK_THROWS_WITH(read("{layers: 3, layer_dropout: 0.1}"),
                    ContainsSubstring("layer_dropout") && ContainsSubstring("set `residual_from`"));
  CHECK_THROWS_WITH(read("{layers: 3, layer_dropout: 1, residual_from: 2}"), ContainsSubstring("below 1"));
  read("{layers: 3, layer_dropout: 0.1, residual_from: 3}");
  CHECK(options.layer_dropout == 0.1);
}

std::shared_ptr<Model> transformer_of(int64_t encoder_layers, int64_t decoder_layers, const std::string& dropped) {
  const auto models = builtin_models();
  auto model = models.make(small(models, "transformer",
                                 {{"encoder.layers", fmt::format("{}", encoder_layers)},
                                  {"decoder.layers", fmt::format("{}", decoder_layers)},
                                  {"width", "4"},
                                  {"feed_forward", "5"},
                                  {"residual", "0"},
                                  {"layer_dropout", dropped}}),
                           {.source_vocabulary = 9, .target_vocabulary = 8, .placement = {}});
  randomize(*model, 3, at::kDouble);
  return model;
}

/// Returns the layers of one side that are kept in an update.
std::vector<int64_t> kept_layers(const std::string& side, double share, const Draw& draw) {
  std::vector<int64_t> kept;
  for (int64_t layer = 0; layer < 3; ++layer)
    if (!drops_layer(share, Site::of_module(fmt::format("{}.layers.{}", side, layer)), &draw)) kept.push_back(layer);
  return kept;
}

/// Returns the weights of `whole` for a model with only these layers.
NamedTensors weights_of_layers(const Model& whole, const std::vector<int64_t>& encoder,
                               const std::vector<int64_t>& decoder) {
  NamedTensors weights;
  for (const auto& [name, tensor] : weights_of(whole).tensors) {
    const auto at = name.find(".layers.");
    if (at == std::string::npos) {
      weights.tensors[name] = tensor;
      continue;
    }
    const auto side = name.substr(0, at);
    const auto& kept = side == "encoder" ? encoder : decoder;
    for (size_t place = 0; place < kept.size(); ++place) {
      const auto own = fmt::format("{}.layers.{}.", side, kept[place]);
      if (name.starts_with(own))
        weights.tensors[fmt::format("{}.layers.{}.{}", side, place, name.substr(own.size()))] = tensor;
    }
  }
  return weights;
}

at::Tensor rows_in_training(const Model& model, const Packed& source, const Packed& inputs, int64_t chunk,
                            const Draw* draw) {
  const auto memory = model.encode(source, draw);
  const auto state = model.start(memory, at::arange(memory.sentences()));
  std::vector<at::Tensor> pieces;
  for (int64_t first = 0; first < inputs.layout->steps(); first += chunk)
    pieces.push_back(
        model.advance(data::chunk(inputs, first, std::min(first + chunk, inputs.layout->steps())), *state, draw).rows);
  return at::cat(pieces);
}

TEST_CASE("layer dropout: a Transformer in training is the one of the layers that an update leaves it",
          "[nn][transformer][dropout]") {
  const torch::NoGradGuard no_gradient;
  const auto model = transformer_of(3, 3, "0.4");
  const auto source = random_sentences(1, {4, 1, 7}, 9);
  const auto inputs = random_sentences(2, {3, 5, 2}, 8);
  int compared = 0, kept_in_all = 0;
  for (int64_t update = 0; update < 60; ++update) {
    CAPTURE(update);
    const Draw draw{.seed = 8, .update = update};
    const auto encoder = kept_layers("encoder", 0.4, draw), decoder = kept_layers("decoder", 0.4, draw);
    kept_in_all += static_cast<int>(encoder.size() + decoder.size());
    const auto rows = rows_in_training(*model, source, inputs, 100, &draw);
    CHECK(torch::allclose(rows_in_training(*model, source, inputs, 1, &draw), rows, 0, 1e-12));
    if (encoder.empty() || decoder.empty()) continue;  // a model has at least one layer
    const auto smaller = transformer_of(std::ssize(encoder), std::ssize(decoder), "0");
    load_weights(*smaller, weights_of_layers(*model, encoder, decoder), "weights");
    CHECK(torch::allclose(rows, rows_in_training(*smaller, source, inputs, 100, nullptr), 0, 1e-12));
    ++compared;
  }
  CHECK(compared > 30);
  CHECK_THAT(kept_in_all, WithinAbs(216, 4 * std::sqrt(360 * 0.24)));
}

}  // namespace
}  // namespace seq2seq::nn
