#include "seq2seq/nn/initialize.h"

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

TEST_CASE("initialize: gains of a normalisation start at 1, shifts at 0, and nothing else is changed",
          "[nn][initialize]") {
  const auto model = random_variant("rnn, layer layer_norm_lstm", 1, 0, at::kFloat);
  const auto before = random_variant("rnn, layer layer_norm_lstm", 1, 0, at::kFloat);
  set_starts(*model);
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
