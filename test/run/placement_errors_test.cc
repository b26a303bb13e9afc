// Placements that are refused.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/run/load.h"
#include "seq2seq/run/placement.h"
#include "seq2seq/run/placement_rules.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("placement: what does not fit is refused at its key before anything is written", "[run][placement][error]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  const auto [set, message] = GENERATE(table<std::vector<std::string>, std::string>({
      {{"placement.encoder=[cpu]"},
       "--set placement.encoder=[cpu]: `placement.encoder`: names 1 device, but the encoder has 2 layers"},
      {{"placement.decoder=[cpu, cpu, cpu]"}, "names 3 devices, but the decoder has 2 layers"},
      {{"placement.embeddings=gpu"},
       "--set placement.embeddings=gpu: `placement.embeddings`: unknown device `gpu`; use `cpu`, `cuda` or `cuda:N`"},
      {{"placement.devices=[cpu, cuda:x]"}, "`placement.devices`: unknown device `cuda:x`"},
      {{"placement.decoder=[cpu, cuda:99]"},
       "--set placement.decoder=[cpu, cuda:99]: `placement.decoder`: device `cuda:99` was not found: LibTorch finds"},
      {{"placement.bridge=cuda:98"}, "Use `--device cpu` to put the whole model on the CPU"},
      {{"placement.preset=paper", "placement.devices=[cpu, cuda:97, cuda:97, cuda:98]"},
       "`placement.devices`: devices `cuda:97`, `cuda:98` were not found"},
      {{"placement.preset=papr"}, "found `papr`; the nearest is `paper`"},
      {{"placement.preset=paper", "placement.devices=[cpu]"},
       "`placement.devices`: 1 device for 2 layers: `paper` places each layer on the next device"},
      {{"placement.preset=vocabulary_parallel", "placement.devices=[cpu]"}, "1 device for 2 layers"},
      {{"placement.preset=paper", "placement.devices=[cpu, cpu]"},
       "`placement.devices`: the layers of the model use all of 2 devices, which leaves none for the output layer"},
      {{"placement.devices=[cpu]", "placement.bridge=cuda:1"},
       "`placement.bridge`: `cuda:1` is not one of `placement.devices`: cpu"},
      {{"placement.devices=[cpu]", "placement.bridge=1"},
       "`placement.bridge`: is place 1, but `placement.devices` has 1 device. Places are counted from 0"},
      {{"placement.bridge=0"}, "`placement.bridge`: is place 0, but `placement.devices` has 0 devices"},
      {{"placement.shares=[0.5, 0.5]"}, "`placement.shares`: need devices of the output layer, and there are none"},
      {{"placement.output=[cpu, cpu]", "placement.shares=[0.5, 0.6]"},
       "`placement.shares`: must add up to 1, but 0.5 + 0.6 add up to 1.1"},
      {{"placement.output=[cpu, cpu]", "placement.shares=[1.5, -0.5]"}, "each must be above 0, found -0.5"},
      {{"placement.output=[cpu, cpu]", "placement.shares=[1, 0]"}, "each must be above 0, found 0"},
      {{"placement.output=[cpu, cpu]", "placement.shares=[1]"}, "1 share for 2 devices under `placement.output`"},
      {{"placement.preset=paper", "placement.devices=[cpu, cpu, cpu, cpu]", "placement.shares=[1]"},
       "1 share for an output layer on 2 devices"},
      {{"placement.preset=paper", "placement.devices=[cpu, cpu, cpu, cpu, cpu, cpu, cpu, cpu, cpu]"},
       "placement.preset: 7 devices of the output layer for a target vocabulary of 6 words"},
      {{"placement.output=[cpu, cpu, cpu, cpu, cpu, cpu, cpu, cpu]"},
       "placement.output: 8 devices of the output layer for a target vocabulary of 6 words"},
  }));
  CAPTURE(set);
  const auto said = message_of<UsageError>([&toy, &set = set] { toy.train("run", set); });
  CHECK_THAT(said, ContainsSubstring(message));
  CHECK(std::count(said.begin(), said.end(), '\n') == 0);
  CHECK_FALSE(fs::exists(toy / "run"));
}

TEST_CASE("placement: a fault of a file is told with its line", "[run][placement][error]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  const auto file = toy.folder().file("placed.yaml", content_of(toy / "toy.yaml") + "placement:\n  preset: paper\n");
  const auto lines = std::ranges::count(content_of(file), '\n');
  const auto said = message_of<UsageError>([&] { run::read_to_train(file, {}, toy.environment); });
  CHECK_THAT(said, ContainsSubstring(fmt::format("placed.yaml:{}:3: `placement.preset`: devices `cuda:0`, ", lines)) ||
                       ContainsSubstring("nothing was thrown"));  // on a machine of eight GPUs
  CHECK_NOTHROW(run::read_to_check(file, {}, *toy.environment.registries));
  const auto shallow = std::vector<config::Override>{{"--set", "placement.devices", "[cuda:0]"}};
  CHECK_THROWS_WITH(run::read_to_check(file, shallow, *toy.environment.registries),
                    ContainsSubstring("1 device for 2 layers"));
}

TEST_CASE("placement: a file of a placement holds that alone, and its faults are told with their places",
          "[run][placement][error]") {
  Toy toy(copied);
  toy.train("run", {"train.updates=1"});
  const auto [text, message] = GENERATE(table<std::string, std::string>(
      {{"seed: 1\nplacement: {preset: paper}\nmodel: {}\n",
        "wrong.yaml:1:1: a placement file may contain only `placement`, found `seed`, `model`"},
       {"", "wrong.yaml: has no section `placement`"},
       {"placement:\n  preset: paper\n  devices: [cpu]\n",
        "wrong.yaml:3:3: `placement.devices`: 1 device for 2 layers"},
       {"placement:\n  encoder: [cpu, cuda:99]\n",
        "wrong.yaml:2:3: `placement.encoder`: device `cuda:99` was not found"},
       {"placement:\n  encodr: cpu\n", "unknown key `placement.encodr`; did you mean `placement.encoder`?"}}));
  const auto file = toy.folder().file("wrong.yaml", text);
  CHECK_THROWS_WITH(run::load_run(toy / "run", "last", {}, toy.environment, file.string()), ContainsSubstring(message));
  CHECK_THROWS_WITH(run::load_run(toy / "run", "last", {}, toy.environment, (toy / "none.yaml").string()),
                    ContainsSubstring("none.yaml"));
}

}  // namespace seq2seq::test
