#include "seq2seq/nn/initialize.h"

#include <cmath>
#include <string>

#include <ATen/ops/full.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros_like.h>

#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

TEST_CASE("initialize: values fill [-range, range] evenly", "[nn][initialize]") {
  const auto model = random_model(1, {.embedding = 50, .cells = 60});
  initialize_uniform(*model, 0.08, 4);
  for (const auto& item : model->named_parameters()) {
    if (item.value().numel() < 1000) continue;
    CAPTURE(item.key());
    CHECK(item.value().abs().max().item<double>() <= 0.08);
    CHECK(item.value().abs().max().item<double>() > 0.079);
    // The standard deviation of a uniform value is range / sqrt(3); its error over 10,000 values is far below a
    // hundredth of it.
    CHECK_THAT(item.value().std().item<double>(), WithinRel(0.08 / std::sqrt(3.0), 0.05));
  }
}

TEST_CASE("initialize: a parameter's values depend on seed and name alone", "[nn][initialize]") {
  const auto one = random_model(1, {.layers = 1}), two = random_model(1, {.layers = 2}),
             other = random_model(2, {.layers = 1});
  CHECK(
      one->named_parameters()["decoder.lstm.weight_hh_l0"].equal(two->named_parameters()["decoder.lstm.weight_hh_l0"]));
  CHECK_FALSE(one->named_parameters()["decoder.lstm.weight_hh_l0"].equal(
      other->named_parameters()["decoder.lstm.weight_hh_l0"]));
  CHECK_FALSE(
      one->named_parameters()["encoder.lstm.weight_hh_l0"].equal(one->named_parameters()["decoder.lstm.weight_hh_l0"]));
}

TEST_CASE("initialize: word vectors are normal where that is asked for, and nothing else is changed",
          "[nn][initialize]") {
  const ModelShape shape{.source_words = 200, .target_words = 150, .embedding = 100};
  const auto model = random_model(1, shape), before = random_model(1, shape);
  initialize_embeddings(*model, 0.5, 4);
  const auto then = before->named_parameters();
  for (const auto& item : model->named_parameters()) {
    CAPTURE(item.key());
    const auto& values = item.value();
    if (item.key() != "encoder.embedding.weight" && item.key() != "decoder.embedding.weight") {
      CHECK(values.equal(then[item.key()]));
      continue;
    }
    // Standard errors over 15,000 values and more: 0.0041 of the mean, 0.0029 of the deviation, 0.004 of the share
    // within one deviation (0.6827 of a normal value).
    CHECK_THAT(values.mean().item<double>(), WithinAbs(0, 0.02));
    CHECK_THAT(values.std().item<double>(), WithinAbs(0.5, 0.015));
    CHECK_THAT(values.abs().lt(0.5).to(at::kDouble).mean().item<double>(), WithinAbs(0.6827, 0.02));
  }
}

TEST_CASE("initialize: gains of a normalization start at 1, shifts at 0, and nothing else is changed",
          "[nn][initialize]") {
  const auto model = random_variant("rnn, layer layer_norm_lstm", 1, 0, at::kFloat);
  const auto before = random_variant("rnn, layer layer_norm_lstm", 1, 0, at::kFloat);
  set_fixed_initial_values(*model);
  const auto then = before->named_parameters();
  int64_t gains = 0;
  for (const auto& item : model->named_parameters()) {
    CAPTURE(item.key());
    if (item.key().find(".gain_") != std::string::npos) {
      ++gains;
      CHECK(item.value().equal(at::ones_like(item.value())));
    } else if (item.key().find(".bias_c_") != std::string::npos) {
      CHECK(item.value().equal(at::zeros_like(item.value())));
    } else {
      CHECK(item.value().equal(then[item.key()]));
    }
  }
  CHECK(gains == 12);  // three in each of two layers of either side
}

TEST_CASE("initialize: xavier draws each gate by its own width, tables by theirs, and leaves biases at 0",
          "[nn][initialize]") {
  const ModelShape shape{.source_words = 200, .target_words = 150, .embedding = 100, .cells = 60};
  const auto model = random_model(1, shape);
  initialize_xavier(*model, 4);
  const auto now = model->named_parameters();
  for (const auto& item : now) {
    CAPTURE(item.key());
    const auto& values = item.value();
    if (item.key().find("bias") != std::string::npos) {
      CHECK(values.eq(0).all().item<bool>());
    } else if (item.key().find("embedding") != std::string::npos) {
      CHECK_THAT(values.std().item<double>(), WithinAbs(1 / std::sqrt(100.0), 0.003));
      CHECK(values.abs().max().item<double>() > 0.3);  // normal: beyond three deviations
    } else {
      // torch.nn.init.xavier_uniform_ of one gate [60, inputs], or of the whole output layer.
      const bool gates = item.key() != "output.weight";
      const double range = std::sqrt(6.0 / static_cast<double>(values.size(1) + (gates ? 60 : values.size(0))));
      CHECK(values.abs().max().item<double>() <= range);
      CHECK(values.abs().max().item<double>() > 0.99 * range);
    }
  }
}

TEST_CASE("initialize: xavier draws a sliced parameter as the whole one", "[nn][initialize]") {
  const ModelShape shape{.target_words = 8};
  const auto whole = random_model(1, shape), sliced = random_model(1, shape, at::kFloat, output_shards({3, 5}));
  for (const auto& model : {whole, sliced}) initialize_xavier(*model, 4);
  const auto expected = whole->named_parameters()["output.weight"];
  CHECK(sliced->named_parameters()["output.weight[0:3]"].equal(expected.narrow(0, 0, 3)));
  CHECK(sliced->named_parameters()["output.weight[3:8]"].equal(expected.narrow(0, 3, 5)));
}

TEST_CASE("initialize: norms start at gain 1 and shift 0, and a tied table is drawn as a table", "[nn][initialize]") {
  const bool xavier = GENERATE(false, true);
  const auto model = random_variant("transformer, norm pre", 1, 0, at::kFloat);
  xavier ? initialize_xavier(*model, 4) : initialize_uniform(*model, 0.08, 4);
  set_fixed_initial_values(*model);
  int norms = 0;
  for (const auto& item : model->named_parameters()) {
    if (item.key().find("norm") == std::string::npos) continue;
    CAPTURE(item.key());
    ++norms;
    CHECK(item.value().eq(item.key().ends_with("weight") ? 1 : 0).all().item<bool>());
  }
  CHECK(norms == 2 * (2 * 2 + 2 * 3 + 2));
  if (!xavier) return;
  const auto tied = random_variant("transformer", 1, 0, at::kFloat),
             apart = random_variant("transformer", 1, 0, at::kFloat);
  initialize_xavier(*tied, 4);
  initialize_embeddings(*apart, 0.5, 4);  // 4 units wide
  CHECK(tied->named_parameters()["decoder.embedding.weight"].equal(
      apart->named_parameters()["decoder.embedding.weight"]));
}

TEST_CASE("initialize: the forget gates' biases add up to what was asked for, and nothing else is changed",
          "[nn][initialize]") {
  const auto model = random_model(1, {.layers = 2, .cells = 6}), before = random_model(1, {.layers = 2, .cells = 6});
  set_forget_bias(*model, 1.5);
  const auto now = model->named_parameters(), then = before->named_parameters();
  for (const auto& item : now) {
    CAPTURE(item.key());
    const auto& name = item.key();
    if (name.find(".bias_") == std::string::npos) {
      CHECK(item.value().equal(then[name]));
      continue;
    }
    for (const int64_t gate : {0, 2, 3})  // i g o
      CHECK(item.value().narrow(0, 6 * gate, 6).equal(then[name].narrow(0, 6 * gate, 6)));
  }
  for (const std::string layer : {"encoder.lstm.%l0", "encoder.lstm.%l1", "decoder.lstm.%l0", "decoder.lstm.%l1"}) {
    const auto bias = [&](const char* which) {
      auto name = layer;
      return now[name.replace(name.find('%'), 1, which)].narrow(0, 6, 6);
    };
    CHECK((bias("bias_ih_") + bias("bias_hh_")).equal(at::full({6}, 1.5)));
  }
}

}  // namespace
}  // namespace seq2seq::nn
