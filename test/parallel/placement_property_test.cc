// The main test of placement: random small models in random places train like the same model in one place.
// SEQ2SEQ_PLACEMENT_CASES sets the number of models (scripts/placement-check: 500).

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include "seq2seq/nn/initialize.h"
#include "seq2seq/nn/model/language_model.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/parallel/pipeline/pipeline_gradients.h"
#include "seq2seq/parallel/pipeline/serial_executor.h"
#include "seq2seq/parallel/pipeline/stream_executor.h"
#include "seq2seq/parallel/pipeline/threaded_executor.h"
#include "seq2seq/parallel/schedule/micro_batch.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/freeze.h"
#include "seq2seq/train/sgd.h"
#include "seq2seq/train/update.h"
#include "test/parallel/placement_case.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/other_parts.h"
#include "test/support/registered.h"
#include "test/support/stream_order.h"
#include "test/support/test_device.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;

std::vector<data::Batch> batches_of(const Case& drawn) {
  std::vector<data::Batch> batches;
  for (size_t number = 0; number < drawn.lengths.size(); number += 2) {
    const auto &source = drawn.lengths[number], &target = drawn.lengths[number + 1];
    auto keys = numbers(source.size());
    for (auto& key : keys) key += static_cast<int64_t>(100 * number);
    data::Batch batch;
    batch.source = data::pack(random_ids(number, source, drawn.source_words), keys);
    batch.inputs = data::pack(random_ids(number + 10, target, drawn.target_words), keys);
    batch.targets = batch.inputs.with(data::pack(random_ids(number + 20, target, drawn.target_words), keys).rows);
    if (drawn.weighted) {
      std::vector<float> weights;
      for (size_t pair = 0; pair < source.size(); ++pair) weights.push_back(0.25F * static_cast<float>(1 + pair % 5));
      batch.weights = at::tensor(weights);
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

std::shared_ptr<nn::Model> model_of(const Case& drawn, const nn::Placement& placement) {
  const auto parts = other_parts();
  const auto models = drawn.language ? nn::builtin_language_models(parts) : nn::builtin_models(parts);
  auto model = models.make(small(models, drawn.architecture, drawn.model), {.source_vocabulary = drawn.source_words,
                                                                            .target_vocabulary = drawn.target_words,
                                                                            .placement = placement,
                                                                            .type = drawn.type});
  nn::initialize_uniform(*model, 0.5, 7);
  return model;
}

std::unique_ptr<Executor> executor_of(const Case& drawn) {
  const auto never = [](const std::string& message) { FAIL(message); };
  std::vector<c10::Device> devices;
  for (int place = 0; place < drawn.placement.places(); ++place)
    devices.push_back(device_of_place(drawn.executing, place));
  switch (drawn.executing) {
    case Executing::serial:
      return std::make_unique<SerialExecutor>();
    case Executing::threads:
      return std::make_unique<ThreadedExecutor>(std::ssize(devices), drawn.team, 300, never);
    case Executing::streams:
      return std::make_unique<StreamExecutor>(devices, 300, never);
  }
  return nullptr;
}

struct Trained {
  std::vector<double> losses, norms;              // by update
  std::map<std::string, at::Tensor> first, last;  // parameters after the first update and after the last
};

Trained train_ten(const Case& drawn, nn::Model& model, train::GradientSource& gradients) {
  const auto optimizers = train::builtin_optimizers();
  const auto clips = train::builtin_clips();
  train::TrainOptions options;
  // With the usual epsilon, Adam makes steps from the rounding of gradients that are zero.
  const bool adam = drawn.optimizer.starts_with("adam");
  options.optimizer = small(optimizers, drawn.optimizer, adam ? Values{{"epsilon", "1e-3"}} : Values{});
  options.label_smoothing = drawn.loss.label_smoothing;
  options.teacher_forcing = drawn.loss.teacher_forcing;
  options.scheduled_sampling = drawn.loss.scheduled_sampling;
  options.freeze = drawn.frozen;
  train::Setup setup;
  setup.model = &model;
  setup.optimizers = &optimizers;
  setup.clips = &clips;
  setup.gradients = &gradients;
  train::Updater updater(options, setup, train::trainable_parameters(model, options.freeze));
  const auto batches = batches_of(drawn);
  Trained trained;
  for (int64_t update = 0; update < 10; ++update) {
    const auto result = updater.make(batches, {.seed = 3, .update = update}, /*factor=*/0.05);
    REQUIRE(result.made);
    trained.losses.push_back(result.loss);
    trained.norms.push_back(result.gradient_norm);
    if (update == 0) trained.first = nn::weights_of(model).tensors;
  }
  trained.last = nn::weights_of(model).tensors;
  return trained;
}

double largest_difference(const std::map<std::string, at::Tensor>& a, const std::map<std::string, at::Tensor>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (const auto& [name, tensor] : a) {
    const auto& other = b.at(name);
    REQUIRE(tensor.sizes() == other.sizes());
    if (tensor.numel() == 0) continue;
    largest = std::max(largest, (tensor - other).abs().max().item<double>());
  }
  return largest;
}

int cases() {
  const char* wanted = std::getenv("SEQ2SEQ_PLACEMENT_CASES");
  return wanted == nullptr ? 25 : std::atoi(wanted);
}

TEST_CASE("placement: random models in random places train as in one place",
          "[parallel][placement][property][kernels]") {
  for (int number = 0; number < cases(); ++number) {
    const auto drawn = draw_case(static_cast<uint64_t>(number));
    CAPTURE(drawn.text);
    const auto plain = model_of(drawn, {});
    train::SerialGradients serial(*plain, drawn.loss);
    const auto expected = train_ten(drawn, *plain, serial);

    const auto placed = model_of(drawn, drawn.placement);
    REQUIRE(placed->staged() != nullptr);
    const auto schedules = builtin_schedules();
    Selection schedule{.kind = drawn.schedule, .options = nullptr};
    if (drawn.schedule == "micro_batch")
      schedule.options = std::make_shared<MicroBatchOptions>(MicroBatchOptions{drawn.micro_batches});
    PipelineGradients pipeline(*placed, *placed->staged(), drawn.loss, schedules.make(schedule), drawn.chunk,
                               executor_of(drawn));
    const auto found = train_ten(drawn, *placed, pipeline);

    const double tolerance = normalizes(drawn) ? 1e-6 : drawn.type == at::kFloat ? 1e-5 : 1e-10;
    for (size_t update = 0; update < expected.losses.size(); ++update) {
      CAPTURE(update);
      CHECK_THAT(found.losses[update], WithinRel(expected.losses[update], tolerance));
      CHECK_THAT(found.norms[update], WithinRel(expected.norms[update], 10 * tolerance));
    }
    CHECK(take_races() == std::vector<std::string>());
    CHECK(largest_difference(expected.first, found.first) <= tolerance);
    CHECK(largest_difference(expected.last, found.last) <= tolerance);
  }
}

}  // namespace
}  // namespace seq2seq::parallel
