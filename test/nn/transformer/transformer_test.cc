#include "seq2seq/nn/model/transformer.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/polar.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/view_as_complex.h>
#include <ATen/ops/view_as_real.h>

#include "seq2seq/nn/initialize.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"

namespace seq2seq::nn {
namespace {

using namespace seq2seq::test;

Features features_of(const Model& model, const Packed& source, const Packed& inputs, bool wants_attention = false) {
  const auto state = model.start(model.encode(source, nullptr), at::arange(source.sentences()));
  state->wants_attention = wants_attention;
  return model.advance(inputs, *state, nullptr);
}

std::vector<std::string> transformers() {
  std::vector<std::string> names;
  for (const auto& name : names_of(model_variants()))
    if (name.starts_with("transformer")) names.push_back(name);
  return names;
}

TEST_CASE("transformer: chunks of any steps give what all steps at once give", "[nn][transformer][property]") {
  const auto name = GENERATE_COPY(from_range(transformers()));
  const bool gradients = GENERATE(false, true);
  CAPTURE(name, gradients);
  const torch::AutoGradMode mode(gradients);
  const auto model = random_variant(name, 3);
  const auto source = random_sentences(1, {4, 0, 7, 1}, 9), inputs = random_sentences(2, {5, 3, 9, 1}, 8);
  const auto whole = features_of(*model, source, inputs).rows;
  const auto state = model->start(model->encode(source, nullptr), at::arange(4));
  std::vector<at::Tensor> parts;
  for (const auto& [first, last] : {std::pair(0, 2), {2, 3}, {3, 7}, {7, 9}})
    parts.push_back(model->advance(data::chunk(inputs, first, last), *state, nullptr).rows);
  CHECK(at::cat(parts).allclose(whole, 0, 1e-12));
}

TEST_CASE("transformer: a word does not change what stands before it", "[nn][transformer][property]") {
  const auto name = GENERATE_COPY(from_range(transformers()));
  CAPTURE(name);
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant(name, 3);
  const auto source = random_sentences(1, {5}, 9);
  auto inputs = random_sentences(2, {6}, 8);
  const auto before = features_of(*model, source, inputs).rows;
  inputs.rows[4] = (inputs.rows[4] - 2) % 5 + 3;
  const auto after = features_of(*model, source, inputs).rows;
  CHECK(after.narrow(0, 0, 4).equal(before.narrow(0, 0, 4)));
  for (int64_t row = 4; row < 6; ++row) CHECK_FALSE(after[row].allclose(before[row], 0, 1e-6));
}

TEST_CASE("transformer: positions tell words apart, and without them the encoder's rows move with its words",
          "[nn][transformer][property]") {
  const auto name = GENERATE_COPY(from_range(transformers()));
  CAPTURE(name);
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant(name, 3);
  const auto rows = [&](const std::vector<int64_t>& ids) {
    return model->encode(data::pack({ids}, {0}), nullptr).states.rows;
  };
  const bool same = rows({3, 4, 5, 6}).flip(0).allclose(rows({6, 5, 4, 3}), 0, 1e-9);
  CHECK(same == (name == "transformer, positions none"));
}

TEST_CASE(
    "transformer: attention weights of the output lie in packed order, each row's sum to 1, none on other sources",
    "[nn][transformer]") {
  const torch::NoGradGuard no_gradient;
  const auto model = random_variant("transformer", 3);
  const std::vector<int64_t> source_lengths{4, 2, 7};
  const auto source = random_sentences(1, source_lengths, 9), inputs = random_sentences(2, {2, 5, 3}, 8);
  const auto weights = Packed{features_of(*model, source, inputs, true).attention, inputs.layout};
  REQUIRE(weights.rows.sizes() == at::IntArrayRef({10, 7}));
  CHECK(weights.rows.sum(1).allclose(at::ones({10}, at::kDouble), 0, 1e-12));
  for (int64_t sentence = 0; sentence < 3; ++sentence) {
    const auto own = rows_of(weights, sentence);
    const int64_t length = source_lengths[static_cast<size_t>(sentence)];
    CHECK(own.narrow(1, length, 7 - length).eq(0).all().item<bool>());
  }
  CHECK_FALSE(features_of(*model, source, inputs).attention.defined());
}

TEST_CASE("rotation: turns pairs of units as complex numbers, and products depend on the distance alone",
          "[nn][transformer][witness]") {
  const int64_t heads = 2, half = 3;
  const auto options = at::TensorOptions(at::kDouble);
  const auto position = at::arange(5, options);
  const auto rates = at::pow(10000.0, -at::arange(half, options) / half);
  const auto angle = position.unsqueeze(1) * rates;
  const Rotation rotation{angle.cos(), angle.sin()};
  const auto rows = at::randn({5, heads * 2 * half}, options);
  const auto turned = rotate(rows, rotation, heads);

  const auto as_complex = at::view_as_complex(rows.view({5, heads, half, 2}).contiguous());
  const auto by = at::polar(at::ones_like(angle), angle).unsqueeze(1);
  CHECK(turned.allclose(at::view_as_real(as_complex * by).flatten(1), 0, 1e-12));

  const auto one = rows[0].unsqueeze(0).expand({5, -1}), other = rows[1].unsqueeze(0).expand({5, -1});
  const auto a = rotate(one, rotation, heads), b = rotate(other, rotation, heads);
  CHECK(a[1].dot(b[3]).allclose(a[2].dot(b[4]), 0, 1e-12));
  CHECK_FALSE(a[1].dot(b[3]).allclose(a[1].dot(b[4]), 0, 1e-6));
}

TEST_CASE("transformer: a sentence beyond the learned positions is refused with its length and the key",
          "[nn][transformer][error]") {
  const auto model = random_variant("transformer, positions learned", 3);  // of 20
  CHECK(model->longest_source() == 20);
  CHECK(model->longest_target() == 20);
  CHECK_NOTHROW(model->encode(random_sentences(1, {20, 3}, 9), nullptr));
  CHECK_THROWS_WITH(model->encode(random_sentences(1, {3, 21}, 9), nullptr),
                    ContainsSubstring("21 tokens") && ContainsSubstring("20") && ContainsSubstring("longest"));
  const auto state = model->start(model->encode(random_sentences(1, {3}, 9), nullptr), at::arange(1));
  CHECK_THROWS_WITH(model->advance({at::tensor({4}, at::kLong), data::make_step(1, 20)}, *state, nullptr),
                    ContainsSubstring("21 tokens"));
}

TEST_CASE("transformer: heads that do not divide the width are refused with both numbers", "[nn][transformer][error]") {
  TransformerOptions options;
  options.width = 10;
  options.layer.heads = 4;
  const auto make = [&] {
    return builtin_models().make({.kind = "transformer", .options = std::make_shared<TransformerOptions>(options)},
                                 {.source_vocabulary = 9, .target_vocabulary = 8, .placement = {}});
  };
  CHECK_THROWS_WITH(make(), ContainsSubstring("model.heads: 4") && ContainsSubstring("model.width: 10"));
  options.layer.heads = 2;
  options.layer.positions = PositionKind::rotary;
  CHECK_THROWS_WITH(make(),
                    ContainsSubstring("rotary") && ContainsSubstring("even width") && ContainsSubstring("give 5"));
}

TEST_CASE("transformer: the defaults make as many parameters as those of torch.nn.Transformer",
          "[nn][transformer][witness]") {
  // 44,140,544, of which 2,048 are norms after the last layers, which `norm: post` does not have.
  const auto model = builtin_models().make(
      {.kind = "transformer", .options = nullptr},
      {.source_vocabulary = 9, .target_vocabulary = 8, .placement = {.device = c10::Device(c10::kMeta)}});
  int64_t in_layers = 0;
  for (const auto& [part, size] : model->part_sizes())
    if (part.find(".layers.") != std::string::npos) in_layers += size;
  CHECK(in_layers == 44140544 - 2048);
}

TEST_CASE("transformer: parameters are named as torch.nn names them", "[nn][transformer]") {
  const auto model = random_variant("transformer, norm pre", 1);
  std::set<std::string> names;
  for (const auto& item : model->named_parameters()) names.insert(item.key());
  for (const char* name :
       {"encoder.embedding.weight", "encoder.layers.0.self_attn.in_proj_weight",
        "encoder.layers.1.self_attn.out_proj.bias", "encoder.layers.1.linear2.weight", "encoder.layers.0.norm2.bias",
        "encoder.norm.weight", "decoder.layers.0.multihead_attn.in_proj_bias", "decoder.layers.1.norm3.weight",
        "decoder.norm.bias", "output.bias"})
    CHECK(names.contains(name));
  CHECK(names.size() == 2 + 2 * 12 + 2 * 18 + 4 + 1);
}

}  // namespace
}  // namespace seq2seq::nn
