// The test that placement stands on: random small models in random places train as the same model in one place.
// SEQ2SEQ_PLACEMENT_CASES sets how many are tried (scripts/placement-check: 500).

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/random.h"
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
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/other_parts.h"
#include "test/support/registered.h"
#include "test/support/stream_order.h"
#include "test/support/test_device.h"

namespace seq2seq::parallel {
namespace {

using namespace seq2seq::test;

/// Draws of one case.
class Draws {
 public:
  explicit Draws(uint64_t number) : stream_(number, Purpose::forcing) {}
  int64_t below(int64_t bound) {
    return static_cast<int64_t>(stream_.uniform(next_++, 0) * static_cast<double>(bound));
  }
  int64_t between(int64_t least, int64_t most) { return least + below(most - least + 1); }
  bool chance(double share) { return stream_.uniform(next_++, 0) < share; }
  template <class Value>
  Value of(const std::vector<Value>& values) {
    return values[static_cast<size_t>(below(std::ssize(values)))];
  }

 private:
  RandomStream stream_;
  uint64_t next_ = 0;
};

enum class Executing { serial, threads, streams };

/// All that is drawn for one case.
struct Case {
  at::ScalarType type = at::kFloat;
  bool language = false;  // whether it is a language model, which has no use for the keys of a source
  Values model;           // keys of the recurrent model
  int64_t source_words = 9, target_words = 8;
  nn::Placement placement;
  Executing executing = Executing::serial;
  int team = 1;
  std::string schedule;
  int64_t micro_batches = 1, chunk = 1, accumulate = 1;
  std::string optimizer = "sgd";
  train::LossOptions loss;
  bool weighted = false;
  std::vector<std::string> frozen;
  std::vector<std::vector<int64_t>> lengths;  // source, target, source, target, ... of the batches
  std::string text;                           // to find it again
};

c10::Device device_of_place(Executing executing, int place) {
  return executing == Executing::streams ? test_device(place % test_devices) : c10::Device(c10::kCPU);
}

void draw_model(Draws& draws, Case& drawn) {
  const auto layers = draws.between(1, 3);
  const bool copies = draws.chance(0.6);
  auto steps = nn::builtin_layers().names();  // kinds that a decoder can use
  steps.insert(steps.end(), {"lstm", "lstm", "tanh"});
  auto readers = steps;
  readers.insert(readers.end(), {"both_ways", "summed"});
  const auto encoder = draws.of(copies ? steps : readers);
  const auto decoder = copies ? encoder : draws.of(steps);
  const auto cells = draws.between(2, 9), decoder_cells = copies ? cells : draws.between(2, 9);
  const auto decoder_layers = copies ? layers : draws.between(1, 3);
  const auto output = draws.of<std::string>({"full", "full", "sampled", "noise_contrastive", "adaptive"});
  const bool tied = output != "adaptive" && draws.chance(0.2), shared = draws.chance(0.2);
  const auto dropout = draws.of<std::string>({"0", "0.3"});
  const bool recurs = encoder != "summed";
  const auto bidirectional = draws.of<std::string>({"none", "first", "all"});
  auto bridges =
      recurs ? std::vector<std::string>{"summary", "mean", "linear"} : std::vector<std::string>{"summary", "mean"};
  if (recurs && bidirectional != "none") bridges.emplace_back("backward");
  drawn.model = {{"encoder.kind", encoder},
                 {"encoder.cells", fmt::format("{}", cells)},
                 {"encoder.layers", fmt::format("{}", layers)},
                 {"encoder.projection", fmt::format("{}", cells)},
                 {"encoder.residual_from", draws.of<std::string>({"0", "3", "3"})},
                 {"decoder.kind", decoder},
                 {"decoder.cells", fmt::format("{}", decoder_cells)},
                 {"decoder.layers", fmt::format("{}", decoder_layers)},
                 {"encoder.bidirectional", copies ? "none" : bidirectional},
                 {"decoder.projection", fmt::format("{}", decoder_cells)},
                 {"decoder.residual_from", draws.of<std::string>({"0", "3", "3"})},
                 {"bridge.kind", copies ? "copy" : draws.of(bridges)},
                 {"bridge.layers", draws.of<std::string>({"all", "top"})},
                 {"embedding.size", fmt::format("{}", tied ? decoder_cells : draws.between(2, 7))},
                 {"embedding.tied", tied ? "true" : "false"},
                 {"embedding.shared", shared ? "true" : "false"},
                 {"output.kind", output},
                 {"output.shrink", "1"},
                 {"output.bias", draws.chance(0.8) ? "true" : "false"},
                 {"dropout.embedding", dropout},
                 {"dropout.layers", dropout},
                 {"dropout.output", dropout},
                 {"dropout.variational", draws.of<std::string>({"false", "true"})},
                 {"dropout.words.source", draws.of<std::string>({"0", "0.2"})},
                 {"dropout.words.target", draws.of<std::string>({"0", "0.2"})},
                 {"dropout.words.by", draws.of<std::string>({"word", "occurrence"})}};
  for (const auto* key : {"encoder.recurrent_dropout", "encoder.zoneout", "decoder.recurrent_dropout",
                          "decoder.zoneout", "encoder.weight_dropout", "decoder.weight_dropout"})
    drawn.model[key] = draws.of<std::string>({"0", "0", "0.3"});
  for (const auto* key : {"encoder.layer_dropout", "decoder.layer_dropout"})
    drawn.model[key] = draws.of<std::string>({"0", "0.5"});
  drawn.source_words = draws.between(5, 40);
  drawn.target_words = shared ? drawn.source_words : draws.between(5, 40);
}

void draw_attention(Draws& draws, Case& drawn) {
  if (draws.chance(0.4)) return;
  auto& values = drawn.model;
  const bool as_wide = values["encoder.cells"] == values["decoder.cells"] && values["encoder.kind"] != "summed";
  const auto kind = draws.of<std::string>({"additive", "general", "covering", as_wide ? "dot" : "general"});
  const auto order = draws.of<std::string>({"after", "after", "before", "first_layer"});
  values["attention.kind"] = kind;
  values["attention.order"] = values["decoder.layers"] == "1" && order == "first_layer" ? "after" : order;
  values["attention.coverage"] = (kind == "additive" || kind == "general") && draws.chance(0.3) ? "true" : "false";
  values["attention.input_feeding"] = draws.chance(0.3) ? "true" : "false";
  values["attention.readout.activation"] =
      draws.of<std::string>({"tanh", "maxout", values["attention.order"] == "after" ? "tanh" : "none"});
  values["attention.readout.embedding"] = draws.chance(0.3) ? "true" : "false";
}

void draw_placement(Draws& draws, Case& drawn) {
  const auto places = static_cast<int>(draws.between(2, 8));
  const auto anywhere = [&] {
    const auto place = static_cast<int>(draws.below(places));
    return nn::PartPlace{.device = device_of_place(drawn.executing, place), .place = place};
  };
  drawn.placement.device = device_of_place(drawn.executing, 0);
  for (const auto* part : {"embeddings", "bridge", "attention"}) drawn.placement.parts.emplace(part, anywhere());
  for (const auto* stack : {"encoder", "decoder"})
    for (int64_t layer = 0; layer < std::stoll(drawn.model.at(std::string(stack) + ".layers")); ++layer)
      if (drawn.model.at(std::string(stack) + ".kind") != "summed" && !(drawn.language && *stack == 'e'))
        drawn.placement.parts.emplace(nn::layer_part(stack, layer), anywhere());
  const auto shards = drawn.model.at("output.kind") == "full" ? draws.between(1, 4) : 1;
  int64_t first = 0;
  for (int64_t shard = 0; shard < shards; ++shard) {
    const auto left = shards - shard - 1;
    const auto last = left == 0 ? drawn.target_words : draws.between(first + 1, drawn.target_words - left);
    const auto at = anywhere();
    drawn.placement.output.push_back({.device = at.device, .first = first, .last = last, .place = at.place});
    first = last;
  }
}

/// Returns true if layers normalize: for a few cells of nearly equal value, this magnifies rounding a million times.
bool normalizes(const Case& drawn) {
  return std::ranges::any_of(drawn.model, [](const auto& value) { return value.second == "layer_norm_lstm"; });
}

Case draw_case(uint64_t number) {
  Draws draws(number);
  Case drawn;
  drawn.type = draws.chance(0.5) ? at::kFloat : at::kDouble;
  drawn.executing = draws.of<Executing>({Executing::serial, Executing::threads, Executing::streams});
  drawn.team = static_cast<int>(draws.between(1, 2));
  draw_model(draws, drawn);
  if (normalizes(drawn)) drawn.type = at::kDouble;
  drawn.language = draws.chance(0.2);
  if (!drawn.language) draw_attention(draws, drawn);
  draw_placement(draws, drawn);
  drawn.schedule = draws.of(builtin_schedules().names());
  drawn.micro_batches = draws.between(1, 4);
  drawn.chunk = draws.between(1, 6);
  drawn.accumulate = draws.between(1, 2);
  // Adam makes full steps of gradients that are zero but for rounding: in float32 it magnifies any difference.
  drawn.optimizer = drawn.type == at::kFloat ? "sgd" : draws.of(train::builtin_optimizers().names());
  const bool smooths = drawn.model.at("output.kind") == "full" || drawn.model.at("output.kind") == "sampled";
  drawn.loss.label_smoothing = smooths ? draws.of<double>({0, 0.1}) : 0;
  drawn.loss.teacher_forcing = draws.chance(0.15) ? 0.5 : 1;
  drawn.loss.scheduled_sampling.by = draws.of<train::SampleBy>({train::SampleBy::pair, train::SampleBy::word});
  drawn.weighted = draws.chance(0.3);
  if (draws.chance(0.2)) drawn.frozen = {draws.of<std::string>({"encoder", "decoder.embedding", "decoder"})};
  if (drawn.language && drawn.frozen == std::vector<std::string>{"encoder"}) drawn.frozen = {};
  // The encoder `summed` has word vectors alone, and with shared ones nothing of its own.
  const bool empty = drawn.model.at("encoder.kind") == "summed" && drawn.model.at("embedding.shared") == "true";
  if (empty && drawn.frozen == std::vector<std::string>{"encoder"}) drawn.frozen = {};
  for (int64_t batch = 0; batch < drawn.accumulate; ++batch) {
    const auto sentences = draws.between(1, 7);
    std::vector<int64_t> source, target;
    for (int64_t sentence = 0; sentence < sentences; ++sentence) {
      source.push_back(draws.below(10));
      target.push_back(draws.between(1, 9));
    }
    drawn.lengths.push_back(std::move(source));
    drawn.lengths.push_back(std::move(target));
  }
  std::vector<std::string> values;
  for (const auto& [key, value] : drawn.model) values.push_back(key + "=" + value);
  drawn.text = fmt::format(
      "case {}: {}{} {} {} chunk {} micro {} accumulate {} {} smoothing {} forcing {} frozen [{}]; {}", number,
      drawn.language ? "language model " : "", drawn.type == at::kFloat ? "float32" : "double",
      drawn.executing == Executing::serial    ? "serial"
      : drawn.executing == Executing::threads ? "threads"
                                              : "streams",
      drawn.schedule, drawn.chunk, drawn.micro_batches, drawn.accumulate, drawn.optimizer, drawn.loss.label_smoothing,
      drawn.loss.teacher_forcing, fmt::join(drawn.frozen, " "), fmt::join(values, " "));
  return drawn;
}

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
  auto model = models.make(small(models, "rnn", drawn.model), {.source_vocabulary = drawn.source_words,
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
  // With the usual epsilon, Adam makes steps out of the rounding of gradients that are zero.
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
