#include <ATen/ops/allclose.h>

#include "seq2seq/core/error.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/run/build.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("placement: a training places the parts as configured, and the run is the one of a single device",
          "[run][placement]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  toy.train("placed", {"train.updates=5", "placement.embeddings=cpu", "placement.encoder=[cpu, cpu]",
                       "placement.decoder=[cpu, cpu]", "placement.bridge=cpu", "placement.output=[cpu]"});
  toy.train("plain", {"train.updates=5"});
  CHECK(parameters_of(toy / "placed", 5) == parameters_of(toy / "plain", 5));
  CHECK(toy.load("placed").description.digest == toy.load("plain").description.digest);
}

TEST_CASE("placement: an output layer over several devices is stored as that of one", "[run][placement]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  toy.train("split", {"train.updates=5", "placement.output=[cpu, cpu, cpu]"});
  toy.train("plain", {"train.updates=5"});
  const auto split = toy.load("split"), plain = toy.load("plain");
  CHECK(split.description.digest == plain.description.digest);
  CHECK(split.description.parameters == plain.description.parameters);
  const auto found = nn::weights_of(*split.model), expected = nn::weights_of(*plain.model);
  REQUIRE(found.tensors.size() == expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    CAPTURE(name);
    CHECK(at::allclose(found.tensors.at(name), tensor, 1e-4, 1e-6));
  }
}

TEST_CASE("placement: what does not fit is refused before anything is written", "[run][placement][error]") {
  Toy toy(copied);
  toy.environment.single_device = false;
  const auto [set, message] = GENERATE(table<std::string, std::string>(
      {{"placement.encoder=[cpu]", "`placement.encoder` names 1 devices, but the encoder has 2 layers"},
       {"placement.decoder=[cpu, cpu, cpu]", "`placement.decoder` names 3 devices, but the decoder has 2 layers"},
       {"placement.output=[cpu, cpu, cpu, cpu, cpu, cpu, cpu]", "`placement.output` names 7 devices"},
       {"placement.embeddings=gpu", "placement.embeddings: unknown device `gpu`"},
       {"placement.decoder=[cpu, cuda:99]", "placement.decoder"}}));
  CAPTURE(set);
  const auto said = message_of<Error>([&toy, &set] { toy.train("run", {set}); });
  CHECK_THAT(said, ContainsSubstring(message));
  CHECK_FALSE(fs::exists(toy / "run"));
}

TEST_CASE("placement: `--device` replaces what is configured", "[run][placement]") {
  run::PlacementOptions options;
  options.encoder = {"cuda:7", "cuda:7"};
  run::Environment environment;
  environment.single_device = true;
  const auto placement = run::training_placement(options, environment);
  CHECK(placement.parts.empty());
  CHECK(placement.device == c10::Device(c10::kCPU));
}

}  // namespace seq2seq::test
