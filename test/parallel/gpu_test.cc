#include "test/support/gpu.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <ATen/ops/allclose.h>

#include "seq2seq/nn/initialize.h"
#include "seq2seq/parallel/pipeline/pipeline_gradients.h"
#include "seq2seq/parallel/pipeline/stream_executor.h"
#include "test/support/catch.h"
#include "test/support/models.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;

constexpr int64_t layers = 4;

/// Puts layer k of each side at place k and the output layer at places 4 to 7, all on one device.
nn::Placement eight_places(c10::Device device, int64_t words) {
  nn::Placement placement{.device = device, .parts = {}, .output = {}};
  for (int place = 0; place < layers; ++place)
    for (const auto* stack : {"encoder", "decoder"})
      placement.parts.emplace(nn::layer_part(stack, place), nn::PartPlace{.device = device, .place = place});
  for (int shard = 0; shard < 4; ++shard)
    placement.output.push_back(
        {.device = device, .first = words * shard / 4, .last = words * (shard + 1) / 4, .place = 4 + shard});
  return placement;
}

std::shared_ptr<nn::Model> model_at(const ModelShape& shape, at::ScalarType type, const nn::Placement& placement) {
  const auto model = random_model(5, shape, type, placement);
  nn::initialize_uniform(*model, 0.1, 7);
  return model;
}

data::Batch batch_of(int64_t sentences, int64_t steps, const ModelShape& shape) {
  std::vector<int64_t> source, target;
  for (int64_t sentence = 0; sentence < sentences; ++sentence) {
    source.push_back(1 + (steps - 1) * (sentence + 1) / sentences);
    target.push_back(1 + (steps - 1) * (sentences - sentence) / sentences);
  }
  data::Batch batch;
  batch.source = random_sentences(1, source, shape.source_words);
  batch.inputs = random_sentences(2, target, shape.target_words);
  batch.targets = batch.inputs.with(random_sentences(3, target, shape.target_words).rows);
  return batch;
}

std::unique_ptr<PipelineGradients> pipeline_of(const nn::Model& model, const std::string& schedule, int64_t chunk,
                                               c10::Device device, Observer observer = {}) {
  const auto never = [](const std::string& message) { FAIL(message); };
  return std::make_unique<PipelineGradients>(
      model, *model.staged(), train::LossOptions{}, builtin_schedules().make({.kind = schedule, .options = nullptr}),
      chunk, std::make_unique<StreamExecutor>(std::vector<c10::Device>(8, device), 300, never), std::move(observer));
}

TEST_CASE("gpu: eight places on one GPU make the gradients of one", "[parallel][gpu]") {
  const auto device = gpu();
  if (!device) return;
  const auto schedule = GENERATE_COPY(from_range(builtin_schedules().names()));
  const int64_t chunk = GENERATE(1, 4);
  CAPTURE(schedule, chunk);
  const ModelShape shape{
      .source_words = 40, .target_words = 30, .embedding = 16, .layers = layers, .cells = 24, .dropout = 0.3};
  const auto batch = batch_of(9, 11, shape);
  const auto whole = model_at(shape, at::kDouble, {.device = *device, .parts = {}, .output = {}});
  const auto placed = model_at(shape, at::kDouble, eight_places(*device, shape.target_words));
  train::SerialGradients serial(*whole, {});
  const auto pipeline = pipeline_of(*placed, schedule, chunk, *device);
  for (int64_t update = 0; update < 3; ++update) {  // memory is reused while streams still run
    const auto expected = serial.accumulate({batch}, 9, {.seed = 3, .update = update});
    const auto found = pipeline->accumulate({batch}, 9, {.seed = 3, .update = update});
    CHECK(at::allclose(expected[0].cpu(), found[0].cpu(), 0, 1e-11));
  }
  const auto gradients = placed->named_parameters();
  for (const auto& item : whole->named_parameters()) {
    if (!gradients.contains(item.key())) continue;  // a slice of the output layer
    CAPTURE(item.key());
    CHECK(at::allclose(item.value().grad().cpu(), gradients[item.key()].grad().cpu(), 0, 1e-10));
  }
}

TEST_CASE("gpu: places on one GPU work at the same time", "[parallel][gpu]") {
  const auto device = gpu();
  if (!device) return;
  const ModelShape shape{
      .source_words = 2000, .target_words = 8000, .embedding = 512, .layers = layers, .cells = 512, .dropout = 0};
  const auto placed = model_at(shape, at::kFloat, eight_places(*device, shape.target_words));
  Timeline timeline;
  const auto pipeline = pipeline_of(
      *placed, "wavefront", 5, *device,
      {.wants = [](int64_t update) { return update == 2; }, .take = [&](const Timeline& taken) { timeline = taken; }});
  for (int64_t update = 0; update < 3; ++update)
    pipeline->accumulate({batch_of(128, 25, shape)}, 128, {.seed = 3, .update = update});
  REQUIRE_FALSE(timeline.entries.empty());
  const auto overlaps = [&](const TimelineEntry& a) {
    return std::ranges::any_of(timeline.entries, [&](const TimelineEntry& b) {
      return a.place != b.place && a.start < b.end && b.start < a.end;
    });
  };
  CHECK(std::ranges::any_of(timeline.entries, overlaps));
}

}  // namespace
}  // namespace seq2seq::parallel
