#include "test/support/gpu.h"

#include <map>
#include <string>
#include <vector>

#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>

#include "seq2seq/data/packed.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/slice.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/output_shards.h"
#include "test/support/registered.h"

namespace seq2seq::test {
namespace {

using data::Packed;

const std::vector<int64_t> source_lengths{4, 1, 9, 4, 2}, target_lengths{3, 5, 1, 12, 1};

struct Computed {
  at::Tensor losses;  // [N]
  std::map<std::string, at::Tensor> gradients;
};

Computed compute(const nn::Model& model, const nn::Draw& draw) {
  const auto device = model.input_device();
  const auto ids = [device](uint64_t seed, const std::vector<int64_t>& lengths, int64_t words) {
    return data::to(random_sentences(seed, lengths, words), device);
  };
  const auto memory = model.encode(ids(1, source_lengths, 9), &draw);
  const auto owner = at::arange(memory.sentences(), at::TensorOptions(at::kLong).device(device));
  const auto state = model.start(memory, owner);
  const auto features = model.advance(ids(2, target_lengths, 8), *state, &draw);
  const double smoothing = model.output().refuses_smoothing().empty() ? 0.1 : 0;
  auto losses = model.output().loss(features, ids(3, target_lengths, 8).rows,
                                    {.label_smoothing = smoothing, .row_scale = {}, .draw = &draw});
  losses.sum().backward();
  Computed computed{losses.detach().cpu(), {}};
  nn::NamedSlices gradients;
  for (const auto& item : model.named_parameters()) gradients.emplace_back(item.key(), item.value().grad());
  for (const auto& whole : nn::group_slices(gradients)) computed.gradients[whole.name] = whole.on_cpu();
  return computed;
}

}  // namespace

TEST_CASE("gpu: losses and gradients are those of the CPU", "[nn][gpu]") {
  const auto device = gpu();
  if (!device) return;
  const auto [type, tolerance] = GENERATE(std::pair(at::kDouble, 1e-11), std::pair(at::kFloat, 1e-5));
  const double dropout = GENERATE(0.0, 0.3);
  const std::string kernels = GENERATE("", "cudnn", "lstm");
  CAPTURE(dropout, tolerance, kernels);
  const GpuKernels on(kernels);
  const ModelShape shape{.embedding = 16, .cells = 24, .dropout = dropout};
  const nn::Draw draw{.seed = 1, .update = 3};
  const auto here = compute(*random_model(5, shape, type), draw);
  const auto there = compute(*random_model(5, shape, type, {.device = *device}), draw);
  CHECK(at::allclose(here.losses, there.losses, /*rtol=*/0, tolerance));
  REQUIRE(here.gradients.size() == there.gradients.size());
  for (const auto& [name, gradient] : here.gradients) {
    CAPTURE(name);
    CHECK(at::allclose(gradient, there.gradients.at(name), /*rtol=*/0, tolerance * 20));
  }
}

TEST_CASE("gpu: a model spread over the CPU and the GPU has the losses and gradients of the CPU",
          "[nn][gpu][placement]") {
  const auto device = gpu();
  if (!device) return;
  const auto name = GENERATE_COPY(from_range(names_of(model_variants())));
  const bool split = GENERATE(false, true);
  CAPTURE(name, split);
  nn::Placement spread{.device = *device, .parts = {}, .output = {{.device = *device}}};
  const auto words = target_words_of(name);
  if (split && !random_variant(name, 5)->output().shards().empty())
    spread.output = shards_of({*device, c10::kCPU, *device}, {3, 1, words - 4});
  for (const auto* part : {"encoder.0", "bridge", "decoder.1"}) spread.parts.emplace(part, nn::PartPlace{.place = 1});
  for (const auto* part : {"embeddings", "encoder.1", "decoder.0"})
    spread.parts.emplace(part, nn::PartPlace{.device = *device});
  const nn::Draw draw{.seed = 1, .update = 3};
  const auto here = compute(*random_variant(name, 5, 0.3), draw);
  const auto there = compute(*random_variant(name, 5, 0.3, at::kDouble, spread), draw);
  CHECK(at::allclose(here.losses, there.losses, /*rtol=*/0, 1e-11));
  for (const auto& [parameter, gradient] : here.gradients) {
    CAPTURE(parameter);
    CHECK(at::allclose(gradient, there.gradients.at(parameter), /*rtol=*/0, 1e-10));
  }
}

}  // namespace seq2seq::test
