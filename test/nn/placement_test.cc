#include "seq2seq/nn/placement.h"

#include <map>
#include <string>
#include <vector>

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>

#include "seq2seq/data/packed.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/slice.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/output_shards.h"
#include "test/support/registered.h"
#include "test/support/test_device.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

/// Puts every part on its own device, and the output layer on the last.
Placement spread() {
  Placement placement{.device = test_device(6), .parts = {}, .output = {{.device = test_device(7), .place = 7}}};
  int next = 0;
  for (const auto* part : {"embeddings", "encoder.0", "encoder.1", "bridge", "decoder.0", "decoder.1"}) {
    placement.parts.emplace(part, PartPlace{.device = test_device(next), .place = next + 1});
    ++next;
  }
  return placement;
}

/// Does the same, with the output layer over three devices, in shards of 3, 1 and the other words.
Placement sharded(const std::string& variant) {
  auto placement = spread();
  const auto words = target_words_of(variant);
  placement.output = shards_of({test_device(7), test_device(2), test_device(5)}, {3, 1, words - 4});
  return placement;
}

struct Computed {
  at::Tensor losses;  // [N]
  std::map<std::string, at::Tensor> gradients;
  TopK best;
};

Computed compute(const Model& model, int64_t update = 3) {
  const Draw draw{.seed = 1, .update = update};
  const auto ids = [&model](uint64_t seed, const std::vector<int64_t>& lengths, int64_t words) {
    return data::to(random_sentences(seed, lengths, words), model.input_device());
  };
  const std::vector<int64_t> source_lengths{4, 1, 9, 4, 2}, target_lengths{3, 5, 1, 12, 1};
  const auto memory = model.encode(ids(1, source_lengths, 9), &draw);
  const auto owner = at::arange(memory.sentences(), at::TensorOptions(at::kLong).device(model.input_device()));
  const auto state = model.start(memory, owner);
  const auto features = model.advance(ids(2, target_lengths, 8), *state, &draw);
  const double smoothing = model.output().refuses_smoothing().empty() ? 0.1 : 0;
  const auto losses = model.output().loss(features, ids(3, target_lengths, 8).rows,
                                          {.label_smoothing = smoothing, .row_scale = {}, .draw = &draw});
  losses.sum().backward();
  const Bans bans{.words = at::tensor({1}, at::kLong),
                  .rows = at::tensor({0, 2}, at::kLong),
                  .row_words = at::tensor({4, 5}, at::kLong)};
  Computed computed{.losses = losses.detach().cpu(), .gradients = {}, .best = model.output().top_k(features, 3, bans)};
  NamedSlices gradients;
  for (const auto& item : model.named_parameters()) {
    const auto& gradient = item.value().grad();  // undefined in a layer that the update leaves out
    gradients.emplace_back(item.key(), gradient.defined() ? gradient : at::zeros_like(item.value()));
  }
  for (const auto& whole : group_slices(gradients)) computed.gradients[whole.name] = whole.on_cpu();
  return computed;
}

TEST_CASE("test device: operands of two devices are refused, and copies between them are not", "[nn][placement]") {
  const auto on = [](int index) { return at::ones({2}, at::TensorOptions(at::kDouble).device(test_device(index))); };
  CHECK_THROWS_WITH(on(0) + on(1), ContainsSubstring("same device"));
  CHECK_THROWS_WITH(on(0).dot(on(1)), ContainsSubstring("operands on"));
  CHECK_THROWS_WITH(on(0).dot(at::ones({2}, at::kDouble)), ContainsSubstring("operands on"));
  CHECK((on(0) + on(1).to(test_device(0))).device() == test_device(0));
  CHECK((on(3) + on(3)).sum().item<double>() == 4);
}

TEST_CASE("placement: losses, gradients and best words are those of one device, wherever the parts lie",
          "[nn][placement][property]") {
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  const double dropout = GENERATE(0.0, 0.3);
  const bool split = GENERATE(false, true);
  CAPTURE(name, dropout, split);
  if (split && random_variant(name, 5)->output().shards().empty()) return;  // an output layer of one piece
  const auto here = compute(*random_variant(name, 5, dropout));
  const auto there = compute(*random_variant(name, 5, dropout, at::kDouble, split ? sharded(name) : spread()));
  CHECK(at::allclose(here.losses, there.losses, /*rtol=*/0, 1e-12));
  CHECK(here.best.ids.equal(there.best.ids.cpu()));
  CHECK(at::allclose(here.best.scores, there.best.scores.cpu(), /*rtol=*/0, 1e-12));
  REQUIRE(here.gradients.size() == there.gradients.size());
  for (const auto& [parameter, gradient] : here.gradients) {
    CAPTURE(parameter);
    CHECK(at::allclose(gradient, there.gradients.at(parameter), /*rtol=*/0, 1e-11));
  }
}

TEST_CASE("placement: whichever layers an update leaves out, rows reach the device of what reads them",
          "[nn][placement][dropout]") {
  const auto name = GENERATE("rnn, residual", "transformer, norm pre");
  const auto update = GENERATE(range<int64_t>(0, 12));
  CAPTURE(name, update);
  const auto here = compute(*random_variant(name, 5), update);
  const auto there = compute(*random_variant(name, 5, 0, at::kDouble, spread()), update);
  CHECK(at::allclose(here.losses, there.losses, /*rtol=*/0, 1e-12));
  for (const auto& [parameter, gradient] : here.gradients) {
    CAPTURE(parameter);
    CHECK(at::allclose(gradient, there.gradients.at(parameter), /*rtol=*/0, 1e-11));
  }
}

TEST_CASE("placement: each parameter lies where its part is placed", "[nn][placement]") {
  const auto model = random_variant("rnn, layer lstm", 1, 0, at::kFloat, spread());
  const std::map<std::string, int> expected{{"encoder.embedding.weight", 0},
                                            {"encoder.lstm.weight_ih_l0", 1},
                                            {"encoder.lstm.bias_hh_l1", 2},
                                            {"decoder.embedding.weight", 0},
                                            {"decoder.lstm.weight_hh_l0", 4},
                                            {"decoder.lstm.weight_ih_l1", 5},
                                            {"output.weight", 7},
                                            {"output.bias", 7}};
  for (const auto& [name, device] : expected) {
    CAPTURE(name);
    CHECK(model->named_parameters()[name].device() == test_device(device));
  }
}

TEST_CASE("placement: each shard of the output layer lies on its device, and the model counts it once",
          "[nn][placement]") {
  const auto model = random_variant("rnn, layer lstm", 1, 0, at::kFloat, sharded("rnn, layer lstm"));
  const std::map<std::string, int> expected{{"output.weight[0:3]", 7}, {"output.weight[3:4]", 2},
                                            {"output.weight[4:8]", 5}, {"output.bias[0:3]", 7},
                                            {"output.bias[3:4]", 2},   {"output.bias[4:8]", 5}};
  for (const auto& [name, device] : expected) {
    CAPTURE(name);
    CHECK(model->named_parameters()[name].device() == test_device(device));
  }
  CHECK(model->part_sizes() == random_variant("rnn, layer lstm", 1)->part_sizes());
  std::map<std::string, int64_t> rows;
  for (const auto& use : model->roles()) {
    if (use.role.row_per_word) rows[use.name] += use.parameter.size(0);
  }
  CHECK(rows.at("output.weight") == 8);
  CHECK(rows.at("output.bias") == 8);
}

TEST_CASE("placement: a tied output layer computes where the embedding lies", "[nn][placement]") {
  const auto model = random_variant("rnn, tied", 1, 0, at::kFloat, spread());
  CHECK(model->named_parameters()["output.bias"].device() ==
        model->named_parameters()["decoder.embedding.weight"].device());
}

TEST_CASE("placement: a layer without a place and more output shards than words are refused by name",
          "[nn][placement][error]") {
  auto some = spread();
  some.parts.erase("encoder.1");
  CHECK_THROWS_WITH(random_variant("rnn, layer lstm", 1, 0, at::kFloat, some),
                    ContainsSubstring("`placement.encoder` names 1 devices, but the encoder has 2 layers"));
  auto many = spread();
  many.output.assign(9, {.device = test_device(0)});
  CHECK_THROWS_WITH(random_variant("rnn, layer lstm", 1, 0, at::kFloat, many),
                    ContainsSubstring("`placement.output` names 9 devices, but the vocabulary has 8 words"));
}

TEST_CASE("layout: index tensors are copied to a device once, and know the way back", "[data][placement]") {
  const auto layout = data::make_layout({3, 1, 2}, {7, 8, 9});
  const auto there = layout->on(test_device(2));
  CHECK(there == layout->on(test_device(2)));
  CHECK(there != layout->on(test_device(3)));
  CHECK(there->on(test_device(3)) == layout->on(test_device(3)));
  CHECK(there->on(c10::kCPU) == layout);
  CHECK(there->owner.cpu().equal(layout->owner));
  CHECK(there->running_on_device.cpu().equal(at::tensor({3, 2, 1}, at::kLong)));
}

TEST_CASE("layout: a copy outlives the layout that it was made of", "[data][placement]") {
  auto layout = data::make_layout({3, 1, 2}, {7, 8, 9});
  const auto there = layout->on(test_device(2));
  const auto owner = layout->owner;
  layout.reset();
  CHECK(there->on(c10::kCPU)->owner.equal(owner));
}

}  // namespace
}  // namespace seq2seq::nn
