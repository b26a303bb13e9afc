#include "seq2seq/run/placement.h"

#include <algorithm>

#include <ATen/ops/allclose.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "seq2seq/core/device.h"
#include "seq2seq/core/error.h"
#include "seq2seq/core/files.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/parallel/timeline/chrome_trace.h"
#include "seq2seq/run/auto_placement.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/place_table.h"
#include "seq2seq/run/placement_rules.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {
namespace {

using run::make_placement;
using run::PlacementOptions;

const std::vector<std::string> eight_cpus(8, "cpu");

/// Returns the places of the parts, by name, and of the shards of the output layer.
std::string text_of(const nn::Placement& placement) {
  std::string text;
  for (const auto& [part, place] : placement.parts) text += fmt::format("{}={} ", part, place.place);
  for (const auto& shard : placement.output)
    text += fmt::format("output[{},{})={} ", shard.first, shard.last, shard.place);
  return text;
}

TEST_CASE("placement: `paper` places layer k on device k and splits the softmax over the devices after the layers",
          "[run][placement]") {
  const int64_t layers = GENERATE(range(1, 6));
  CAPTURE(layers);
  PlacementOptions options;
  options.preset = "paper";
  const auto placement = make_placement(options, c10::kCPU, {.encoder = layers, .decoder = layers}, 1000);
  const auto gpu = [](int64_t index) { return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index)); };
  for (const char* stack : {"encoder", "decoder"}) {
    CHECK(placement.named_layers(stack) == layers);
    for (int64_t layer = 0; layer < layers; ++layer) {
      CHECK(placement.of_layer(stack, layer) == gpu(layer));
      CHECK(placement.place_of_layer(stack, layer) == layer);
    }
  }
  for (const char* part : {"embeddings", "bridge"}) {
    CHECK(placement.of(part) == gpu(0));
    CHECK(placement.place_of(part) == 0);
  }
  CHECK(placement.place_of("attention") == layers - 1);
  REQUIRE(std::ssize(placement.output) == 8 - layers);
  int64_t next = 0;
  for (size_t shard = 0; shard < placement.output.size(); ++shard) {
    const auto& part = placement.output[shard];
    CHECK(part.device == gpu(layers + static_cast<int64_t>(shard)));
    CHECK(part.place == layers + static_cast<int64_t>(shard));
    CHECK(part.first == next);
    CHECK(std::abs(static_cast<double>(part.last - part.first) - 1000.0 / static_cast<double>(8 - layers)) <= 1);
    next = part.last;
  }
  CHECK(next == 1000);
}

TEST_CASE("placement: `vocabulary_parallel` splits the softmax over the devices of the layers, one a layer",
          "[run][placement]") {
  const int64_t layers = GENERATE(range(1, 6));
  CAPTURE(layers);
  PlacementOptions options;
  options.preset = "vocabulary_parallel";
  const auto placement = make_placement(options, c10::kCPU, {.encoder = layers, .decoder = layers}, 100);
  REQUIRE(std::ssize(placement.output) == layers);
  for (int64_t layer = 0; layer < layers; ++layer) {
    const auto& shard = placement.output[static_cast<size_t>(layer)];
    CHECK(shard.place == placement.place_of_layer("decoder", layer));
    CHECK(shard.device == placement.of_layer("encoder", layer));
    CHECK(shard.device == c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(layer)));
  }
  CHECK(placement.output.back().last == 100);
}

TEST_CASE("placement: `single` leaves all on the command's device, in one place", "[run][placement]") {
  const int64_t layers = GENERATE(range(1, 6));
  const auto placement = make_placement({}, c10::Device(c10::kCUDA, 3), {.encoder = layers, .decoder = layers}, 100);
  CHECK(placement.device == c10::Device(c10::kCUDA, 3));
  CHECK(placement.parts.empty());
  CHECK(placement.output.empty());
}

TEST_CASE("placement: a device that comes several times under `devices` is as many places", "[run][placement]") {
  PlacementOptions options;
  options.preset = "paper";
  options.devices = eight_cpus;
  const auto placement = make_placement(options, c10::kCPU, {.encoder = 4, .decoder = 2}, 40);
  CHECK(text_of(placement) ==
        "attention=1 bridge=0 decoder.0=0 decoder.1=1 embeddings=0 encoder.0=0 encoder.1=1 encoder.2=2 encoder.3=3 "
        "output[0,10)=4 output[10,20)=5 output[20,30)=6 output[30,40)=7 ");
  CHECK(placement.of_layer("encoder", 3) == c10::Device(c10::kCPU));
}

TEST_CASE("placement: a key of a part replaces the preset, by device or by the number of its place",
          "[run][placement]") {
  PlacementOptions options;
  options.preset = "paper";
  options.devices = {"cpu", "cuda:1", "cpu", "cuda"};
  options.embeddings = "3";
  options.bridge = "cuda:0";  // the fourth: `cuda` is `cuda:0`
  options.decoder = {"2", "cuda:1"};
  const auto placement = make_placement(options, c10::kCPU, {.encoder = 2, .decoder = 2}, 40);
  CHECK(text_of(placement) ==
        "attention=1 bridge=3 decoder.0=2 decoder.1=1 embeddings=3 encoder.0=0 encoder.1=1 output[0,40)=3 ");
  CHECK(placement.of("embeddings") == c10::Device(c10::kCUDA, 0));
}

TEST_CASE("placement: without `devices`, equal names are one place, and what is not named lies on the command's",
          "[run][placement]") {
  PlacementOptions options;
  options.encoder = {"cuda:1", "cuda:1"};
  options.output = {"cuda:2", "cpu", "cuda:1"};
  const auto placement = make_placement(options, c10::kCPU, {.encoder = 2, .decoder = 2}, 9);
  CHECK(text_of(placement) == "encoder.0=1 encoder.1=1 output[0,3)=2 output[3,6)=0 output[6,9)=1 ");
  CHECK(placement.of_layer("decoder", 0) == c10::Device(c10::kCPU));
  CHECK(placement.place_of_layer("decoder", 0) == 0);
}

TEST_CASE("placement: shares cut the vocabulary at the nearest words, and leave none empty", "[run][placement]") {
  PlacementOptions options;
  options.output = {"cpu", "cpu", "cpu"};
  const auto [shares, words, borders] = GENERATE(table<std::vector<double>, int64_t, std::string>(
      {{{}, 10, "output[0,3)=0 output[3,7)=0 output[7,10)=0 "},
       {{0.5, 0.25, 0.25}, 100, "output[0,50)=0 output[50,75)=0 output[75,100)=0 "},
       {{0.333, 0.333, 0.333}, 9, "output[0,3)=0 output[3,6)=0 output[6,9)=0 "},
       {{0.001, 0.998, 0.001}, 10, "output[0,1)=0 output[1,9)=0 output[9,10)=0 "},
       {{0.998, 0.001, 0.001}, 3, "output[0,1)=0 output[1,2)=0 output[2,3)=0 "}}));
  options.shares = shares;
  CHECK(text_of(make_placement(options, c10::kCPU, {.encoder = 1, .decoder = 1}, words)) == borders);
}

/// Checks that the best weights of two runs are equal up to rounding.
void check_same_model(Toy& toy, const std::string& a, const std::string& b) {
  const auto first = toy.load(a), second = toy.load(b);
  CHECK(first.description.digest == second.description.digest);
  CHECK(first.description.parameters == second.description.parameters);
  const auto found = nn::weights_of(*first.model), expected = nn::weights_of(*second.model);
  REQUIRE(found.tensors.size() == expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    CAPTURE(name);
    CHECK(at::allclose(found.tensors.at(name), tensor, 1e-4, 1e-6));
  }
}

TEST_CASE("placement: a training places the parts as configured, and the run is the one of a single device",
          "[run][placement]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  toy.train("placed", {"train.updates=5", "placement.preset=paper", "placement.devices=[cpu, cpu, cpu]",
                       "placement.embeddings=2"});
  CHECK_THAT(toy.said(), ContainsSubstring("places     0 cpu     encoder.0, bridge, decoder.0 ") &&
                             ContainsSubstring("\n           1 cpu     encoder.1, decoder.1 ") &&
                             ContainsSubstring("\n           2 cpu     embeddings, output [0, 6) "));
  toy.train("plain", {"train.updates=5"});
  check_same_model(toy, "placed", "plain");
}

TEST_CASE("placement: an output layer over several devices is stored as that of one", "[run][placement]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  toy.train("split", {"train.updates=5", "placement.output=[cpu, cpu, cpu]"});
  toy.train("plain", {"train.updates=5"});
  check_same_model(toy, "split", "plain");
}

TEST_CASE("placement: may change on resume, and the run goes on as it was", "[run][placement][resume]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  toy.train("changed", {"train.updates=3", "placement.encoder=[cpu, cpu]"});
  toy.resume("changed", {"train.updates=6", "placement.preset=paper", "placement.devices=[cpu, cpu, cpu]",
                         "placement.encoder=[]"});
  toy.train("plain", {"train.updates=6"});
  check_same_model(toy, "changed", "plain");
  CHECK(toy.load("changed").options().placement.preset == "paper");
}

TEST_CASE("placement: devices on which nothing lies are named in a warning", "[run][placement]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  toy.train("two", {"train.updates=1", "placement.preset=paper", "placement.devices=[cpu, cpu, cpu, cpu, cpu]",
                    "placement.output=[3]"});
  CHECK_THAT(toy.said(), ContainsSubstring("devices 2 and 4 of `placement.devices` stay unused: cpu, cpu"));
  toy.forget_said();
  toy.train("one", {"train.updates=1", "placement.devices=[cpu, cpu]"});
  CHECK_THAT(toy.said(), ContainsSubstring("device 1 of `placement.devices` stays unused: cpu"));
  toy.forget_said();
  toy.train("none", {"train.updates=1", "placement.preset=paper", "placement.devices=[cpu, cpu, cpu]"});
  CHECK_THAT(toy.said(), !ContainsSubstring("idle"));
}

TEST_CASE("placement: a training too short for a timeline says so", "[run][placement][error]") {
  Toy toy(copied);
  toy.environment.timeline = toy / "timeline.json";
  CHECK_THAT(message_of<UsageError>([&toy] { toy.train("short", {"train.updates=3"}); }),
             ContainsSubstring("timeline.json: shows update 4 of a session, but this session makes only 3 updates. Set "
                               "`train.updates` to at least 4"));
  CHECK_FALSE(fs::exists(toy / "short/run.json"));
  toy.train("epochs", {"train.updates=null", "train.epochs=0.3"});
  CHECK_THAT(toy.said(), ContainsSubstring("timeline.json: no timeline was written"));
}

TEST_CASE("placement: a training writes the timeline of an update", "[run][placement]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  toy.environment.timeline = toy / "timeline.json";
  toy.train("placed", {"train.updates=5", "placement.preset=paper", "placement.devices=[cpu, cpu, cpu]"});
  const auto text = disk_files().read(toy / "timeline.json");
  const auto timeline = parallel::read_chrome_trace(text, Place{.file = "timeline.json"});
  CHECK(timeline.places == std::vector<std::string>{"cpu", "cpu", "cpu"});
  const auto runs = [&](const std::string& stage) {
    return std::ranges::any_of(timeline.entries, [&](const auto& entry) { return entry.stage == stage; });
  };
  for (const auto* stage : {"embeddings.source", "encoder.1", "decoder.0", "output.0", "loss"}) CHECK(runs(stage));
}

TEST_CASE("placement: auto is single on a processor, and cannot be combined", "[run][placement]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  toy.train("chosen", {"train.updates=5", "placement.preset=auto", "placement.devices=[cpu, cpu, cpu]"});
  toy.train("plain", {"train.updates=5"});
  CHECK(parameters_of(toy / "chosen", 5) == parameters_of(toy / "plain", 5));
  const auto said = message_of<Error>([&] {
    toy.train("both", {"placement.preset=auto", "placement.encoder=[cpu, cpu]"});
  });
  CHECK_THAT(said, ContainsSubstring("cannot be combined with `preset: auto`"));
}

TEST_CASE("placement: a planner's layout in terms of keys is the same layout", "[run][placement]") {
  parallel::Plan plan;
  plan.layout = {.devices = {1, 0, 1},
                 .parts = {{"encoder.0", 1}, {"encoder.1", 2}, {"decoder.0", 1}, {"decoder.1", 2}, {"embeddings", 1}},
                 .output = {{.place = 0, .share = 1}, {.place = 2, .share = 3}}};
  plan.schedule = {.kind = "micro_batch", .options = nullptr};
  const auto options = run::in_terms_of_keys(plan, {"cpu", "cuda:3"}, {});
  CHECK(options.devices == std::vector<std::string>{"cuda:3", "cpu", "cuda:3"});
  const auto placement = run::make_placement(options, c10::kCPU, {.encoder = 2, .decoder = 2}, 80);
  CHECK(placement.place_of("encoder.0") == 1);
  CHECK(placement.place_of("decoder.1") == 2);
  CHECK(placement.place_of("embeddings") == 1);
  CHECK(placement.place_of("bridge") == 0);
  REQUIRE(placement.output.size() == 2);
  CHECK(placement.output[0].last == 20);
  CHECK(placement.output[1].place == 2);
  CHECK(options.schedule.kind == "micro_batch");
}

TEST_CASE("placement: `--device` replaces what is configured", "[run][placement]") {
  Toy toy(copied);
  toy.environment.single_device = true;
  toy.train("run", {"train.updates=1", "placement.preset=paper", "placement.encoder=[cuda:99, cuda:98]"});
  CHECK_THAT(toy.said(), !ContainsSubstring("places"));
  const auto run = toy.load("run");
  const auto placement = run::training_placement(run.options(), *run.text, toy.environment);
  CHECK(placement.parts.empty());
  CHECK(placement.device == c10::Device(c10::kCPU));
}

TEST_CASE("placement: a trained run is used on one device unless a placement is asked for", "[run][placement]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=1", "placement.encoder=[cuda:99, cuda:98]"});
  const auto load = [&toy](const std::string& placement) {
    return run::load_run(toy / "run", "last", {}, toy.environment, placement);
  };
  CHECK(load("").model->input_device() == c10::Device(c10::kCPU));
  CHECK_THROWS_WITH(load("run"), ContainsSubstring("placement.encoder: devices `cuda:99`, `cuda:98` were not found"));
  const auto file =
      toy.folder().file("places.yaml", "placement: {preset: paper, devices: [cpu, cpu, cpu, cpu], output: [2]}\n");
  toy.forget_said();
  CHECK(load(file.string()).update == 1);
  CHECK_THAT(toy.said(), ContainsSubstring("device 3 of `placement.devices` stays unused: cpu"));
}

TEST_CASE("placement: the table of places counts each parameter once, in the place of its part", "[run][placement]") {
  Toy toy(copied);
  const auto configuration = run::read_configuration(toy / "toy.yaml", {}, *toy.environment.registries);
  const auto model = run::outline(configuration->options.model, *toy.environment.registries, 20, 30);
  PlacementOptions options;
  options.preset = "paper";
  options.devices = eight_cpus;
  options.shares = {0.5, 0.1, 0.1, 0.1, 0.1, 0.1};
  const auto table = run::place_table(*model, make_placement(options, c10::kCPU, model->layers(), 30));
  std::map<std::string, int64_t> sizes;  // by the first words of the name and, in a stack, the layer
  int64_t in_all = 0;
  for (const auto& item : model->named_parameters()) {
    in_all += item.value().numel();
    const auto& name = item.key();
    sizes[name.find("embedding") != std::string::npos ? "embeddings"
          : name.starts_with("output")                ? "output"
                                                      : name.substr(name.size() - 3)] += item.value().numel();
  }
  REQUIRE(table.size() == 8);
  int64_t counted = 0;
  for (const auto& row : table) counted += row.parameters;
  CHECK(counted == in_all);
  CHECK(table[0].parameters == sizes["embeddings"] + sizes["_l0"]);
  CHECK(table[1].parameters == sizes["_l1"]);
  CHECK(table[2].parameters == sizes["output"] / 2);
  CHECK(table[3].parameters == sizes["output"] / 10);
  CHECK(table[0].parts == std::vector<std::string>{"embeddings", "encoder.0", "bridge", "decoder.0"});
  CHECK(table[2].parts == std::vector<std::string>{"output [0, 15)"});
}

}  // namespace
}  // namespace seq2seq::test
