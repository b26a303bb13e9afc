// usage: train_bench batches CONFIG COUNT FOLDER
//        train_bench profile CONFIG UPDATES THREADS DEVICE
//
// batches: writes the start of a training of CONFIG, for another program to train on: FOLDER/weights.safetensors, the
// initial parameters, and FOLDER/batches.jsonl, the first COUNT batches, one per line, as ids of "source", "inputs" and
// "targets", one list per sentence. profile: prints as JSON the seconds of each phase of UPDATES updates, those of as
// many whole updates between them, and their tokens. scripts/bench runs both.

#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/full_like.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>

#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/training.h"
#include "seq2seq/run/training_data.h"
#include "seq2seq/train/clip.h"
#include "seq2seq/train/data_order.h"
#include "seq2seq/train/freeze.h"
#include "seq2seq/train/gradient_norm.h"
#include "seq2seq/train/objective.h"
#include "seq2seq/train/update.h"

using namespace seq2seq;

namespace {

using Json = nlohmann::ordered_json;

/// A training of a configuration, ready for its first update.
struct Training {
  Training(const std::string& config, c10::Device device) : log(std::cerr, Log::Level::quiet) {
    environment.registries = &registries;
    environment.log = &log;
    environment.device = device;
    configuration = run::read_configuration(config, {}, registries);
    data = run::read_training_data(*configuration, environment);
    model = run::build_model(options(), registries, *data.text, run::on_device(device));
    run::set_initial_parameters(*model, options(), *data.text, {}, environment);
    order = std::make_unique<train::DataOrder>(data.train, *data.text, options().train.batch,
                                               options().train.accumulate, options().seed, data::DataPosition{});
  }
  const run::RunOptions& options() const { return configuration->options; }

  run::Registries registries = run::builtin_registries();
  Log log;
  run::Environment environment;
  std::unique_ptr<run::Configuration> configuration;
  run::TrainingData data;
  std::shared_ptr<nn::Model> model;
  std::unique_ptr<train::DataOrder> order;
};

void write(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream out(file, std::ios::binary);
  if (!(out << bytes).flush()) throw Error(Place{.file = file.string()}, "cannot be written");
}

void write_batches(const std::string& config, int64_t count, const std::filesystem::path& folder) {
  Training training(config, c10::kCPU);
  std::string lines;
  for (int64_t i = 0; i < count; ++i) {
    for (const auto& batch : training.order->take()) {
      const Json line{{"source", data::unpack(batch.source)},
                      {"inputs", data::unpack(batch.inputs)},
                      {"targets", data::unpack(batch.targets)}};
      lines += line.dump() + "\n";
    }
  }
  write(folder / "batches.jsonl", lines);
  write(folder / "weights.safetensors", nn::to_safetensors(nn::weights_of(*training.model)));
}

/// Measures one phase after another; on a GPU, waits for the end of each.
class Clock {
 public:
  explicit Clock(c10::Device device) : device_(device) { restart(); }
  void restart() { last_ = now(); }
  /// Ends the phase that began with the last call.
  void add(const std::string& phase) {
    const auto here = now();
    phases_[phase].push_back(std::chrono::duration<double>(here - last_).count());
    last_ = here;
  }
  Json phases() const { return phases_; }

 private:
  std::chrono::steady_clock::time_point now() const {
    if (!device_.is_cpu()) {
      c10::impl::VirtualGuardImpl(device_.type()).synchronizeDevice(device_.has_index() ? device_.index() : 0);
    }
    return std::chrono::steady_clock::now();
  }

  c10::Device device_;
  std::chrono::steady_clock::time_point last_;
  Json phases_;
};

/// Returns a leaf with the values of `tensor`. It cuts the graph, so that each part has its own backward pass.
at::Tensor cut(const at::Tensor& tensor) { return tensor.detach().requires_grad_(true); }

nn::Memory cut(const nn::Memory& memory) {
  nn::Memory result{.ids = memory.ids, .states = memory.states.with(cut(memory.states.rows)), .last = {}};
  for (const auto& layer : memory.last) {
    auto& state = result.last.emplace_back();
    for (const auto& tensor : layer) state.push_back(cut(tensor));
  }
  return result;
}

/// Continues the backward pass where the graph was cut.
void backward_from(const nn::Memory& memory, const nn::Memory& leaves) {
  torch::autograd::variable_list roots, gradients;
  const auto add = [&](const at::Tensor& root, const at::Tensor& leaf) {
    if (!leaf.grad().defined()) return;
    roots.push_back(root);
    gradients.push_back(leaf.grad());
  };
  for (size_t layer = 0; layer < memory.last.size(); ++layer) {
    for (size_t i = 0; i < memory.last[layer].size(); ++i) add(memory.last[layer][i], leaves.last[layer][i]);
  }
  add(memory.states.rows, leaves.states.rows);
  torch::autograd::backward(roots, gradients);
}

/// Runs the passes of an update, part by part: an update of train::Updater without losses of attention or free-running
/// decoders. Leaves the gradients in the parameters.
void phased_passes(const Training& training, const data::Batch& batch, const nn::Draw& draw, Clock& clock) {
  const auto& model = *training.model;
  const auto divisor = train::divisor(training.options().train.objective, batch.sentences(), batch.target_tokens());
  const auto memory = model.encode(batch.source, &draw);
  const auto memory_leaves = cut(memory);
  clock.add("encoder forward");
  const auto owner = at::arange(batch.sentences(), batch.source.rows.options().dtype(at::kLong));
  const auto state = model.start(memory_leaves, owner);
  const auto features = model.advance(batch.inputs, *state, &draw);
  const auto feature_leaves = cut(features.rows);
  clock.add("decoder forward");
  const auto scale = train::row_scale(batch, divisor, feature_leaves.scalar_type());
  const nn::LossSpec spec{
      .label_smoothing = training.options().train.label_smoothing, .row_scale = scale, .draw = &draw};
  const nn::Features leaves{.rows = feature_leaves, .attention = features.attention, .source = features.source};
  const auto losses = model.output().loss(leaves, batch.targets.rows, spec);
  clock.add("output layer forward");
  losses.backward(scale.to(losses.device()));
  clock.add("output layer backward");
  features.rows.backward(feature_leaves.grad());
  clock.add("decoder backward");
  backward_from(memory, memory_leaves);
  clock.add("encoder backward");
}

struct Stepping {
  train::NamedParameters parameters;
  std::shared_ptr<train::Optimizer> optimizer;
  std::shared_ptr<train::Clip> clip;

  std::vector<at::Tensor> gradients() const {
    std::vector<at::Tensor> all;
    for (const auto& [name, parameter] : parameters) all.push_back(parameter.grad());
    return all;
  }
  void forget_gradients() {
    for (auto& [name, parameter] : parameters) parameter.mutable_grad().reset();
  }
};

/// Checks that the phases compute the same gradient as an update of the program.
void check_same(double phased, double whole) {
  constexpr double rounding = 1e-4;
  if (std::abs(phased - whole) <= rounding * whole) return;
  throw Error(
      fmt::format("the phases find a gradient of norm {}, an update one of {}: test/bench/train_bench.cc no "
                  "longer does what an update does",
                  phased, whole));
}

Json profile(const std::string& config, int64_t updates, c10::Device device) {
  Training training(config, device);
  const auto& options = training.options().train;
  run::use_precision(options.precision, device, training.log);
  const auto& registries = training.registries;
  train::Setup setup;
  setup.seed = training.options().seed;
  setup.model = training.model.get();
  setup.optimizers = &registries.optimizers;
  setup.clips = &registries.clips;
  auto parameters = train::trainable_parameters(*training.model, options.freeze);
  train::Updater updater(options, setup, parameters);
  Stepping stepping{.parameters = parameters,
                    .optimizer = registries.optimizers.make(options.optimizer, parameters),
                    .clip = registries.clips.make(options.clip)};
  Clock clock(device), unused(device), whole(device);
  int64_t source_tokens = 0, target_tokens = 0;
  for (int64_t update = 0; update <= updates; ++update) {
    const bool warm_up = update == 0;
    auto& times = warm_up ? unused : clock;
    const nn::Draw draw{.seed = setup.seed, .update = update};
    times.restart();
    const auto batches = training.order->take();
    std::vector<data::Batch> here;
    for (const auto& batch : batches) here.push_back(data::to(batch, device));
    times.add("loading");
    stepping.forget_gradients();
    for (const auto& batch : here) phased_passes(training, batch, draw, times);
    const auto gradients = stepping.gradients();
    const auto read = train::read_gradients(gradients);
    const auto& norm = read.norm;
    if (!warm_up) {
      const double rate = stepping.optimizer->learning_rate();
      const auto edit = device.is_cpu() ? stepping.clip->edit(norm.item<double>()) : std::nullopt;
      if (!edit) stepping.clip->apply(gradients, norm);
      times.add("clipping");
      if (edit) {
        stepping.optimizer->step(
            {.learning_rate = rate, .gradients = gradients, .edit = *edit, .used_rows = read.used_rows});
      } else {
        stepping.optimizer->step(rate);
      }
      times.add("parameter update");
    }
    auto& whole_times = warm_up ? unused : whole;
    whole_times.restart();
    const auto result = updater.make(batches, draw, 1);
    whole_times.add("whole update");
    if (!result.made) throw Error(result.fault);
    if (warm_up) check_same(norm.item<double>(), result.gradient_norm);
    if (warm_up) continue;
    source_tokens += result.source_tokens;
    target_tokens += result.target_tokens;
  }
  return {{"phases", clock.phases()},
          {"whole", whole.phases()["whole update"]},
          {"source_tokens", source_tokens},
          {"target_tokens", target_tokens}};
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  try {
    if (words.size() == 4 && words[0] == "batches") {
      write_batches(words[1], std::stoll(words[2]), words[3]);
    } else if (words.size() == 5 && words[0] == "profile") {
      const auto device = parse_available_device(words[4]);
      prepare_machine(std::stoi(words[3]), device);
      std::cout << profile(words[1], std::stoll(words[2]), device).dump() << '\n';
    } else {
      std::cerr << "usage: train_bench batches CONFIG COUNT FOLDER | profile CONFIG UPDATES THREADS DEVICE\n";
      return 2;
    }
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
