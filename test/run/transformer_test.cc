// A Transformer with the trainer, search and placement of all models.

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <ATen/ops/allclose.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/input/line_reader.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/run/build.h"
#include "seq2seq/run/evaluate.h"
#include "seq2seq/run/place_table.h"
#include "seq2seq/run/score.h"
#include "seq2seq/run/translate.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {
namespace {

/// Changes the toy's configuration to a Transformer. `model`: further keys of the model.
void use_transformer(const Toy& toy, const std::string& model = {}) {
  toy.folder().file("toy.yaml", R"(
seed: 1
data:
  train: {source: train.source, target: train.target}
  validation: {source: held.source, target: held.target}
  test: {source: held.source, target: held.target}
model:
  architecture: transformer
  width: 32
  heads: 4
  feed_forward: 64
  encoder: {layers: 2}
  decoder: {layers: 2}
)" + model + R"(
train:
  objective: per_token
  batch: {sentences: 64}
  optimizer: {kind: adam, learning_rate: 0.005, beta2: 0.98}
  schedule: {kind: inverse_square_root, warmup_updates: 100}
  clip: {kind: norm, limit: 5}
  updates: 20
  report_every_updates: 5
  validate: {every_updates: 10}
  checkpoint: {every_updates: 10, keep: 10}
decode: {beam: 3}
)");
}

TEST_CASE("transformer: a resumed run ends with the same parameters, dropout included", "[run][resume]") {
  Toy toy(turned);
  use_transformer(toy, "  dropout: {residual: 0.1, attention: 0.1, inner: 0.1}");
  toy.train("whole");
  toy.train("cut", {"train.updates=10"});
  toy.resume("cut", {"train.updates=20"});
  CHECK((parameters_of(toy / "cut", 20) == parameters_of(toy / "whole", 20)));
}

TEST_CASE("transformer: trains in several places as in one, and says when these wait for each other",
          "[run][placement]") {
  Toy toy(turned);
  use_transformer(toy, "  norm: pre");
  const std::string sgd = "train.optimizer={kind: sgd, learning_rate: 0.1}";  // Adam makes steps from rounding
  toy.train("whole", {"train.updates=5", sgd});
  toy.environment.single_device = false;
  const auto train = [&](const std::string& name, const std::string& schedule) {
    toy.forget_said();
    toy.train(name, {"train.updates=5", sgd, "placement.preset=paper", "placement.devices=[cpu, cpu, cpu]",
                     "placement.schedule={kind: " + schedule + "}"});
    const auto placed = toy.load(name), whole = toy.load("whole");
    const auto found = nn::weights_of(*placed.model), expected = nn::weights_of(*whole.model);
    for (const auto& [parameter, tensor] : expected.tensors) {
      CAPTURE(name, parameter);
      CHECK(at::allclose(found.tensors.at(parameter), tensor, 1e-4, 1e-6));
    }
  };
  train("waiting", "wavefront");
  CHECK_THAT(toy.said(), ContainsSubstring("a Transformer's layers need whole sentences"));
  train("parted", "micro_batch");
  CHECK_THAT(toy.said(),
             ContainsSubstring("places    3, schedule micro_batch") && !ContainsSubstring("need whole sentences"));
}

TEST_CASE("transformer: the table of places counts every parameter where it lies", "[run][placement]") {
  Toy toy(turned);
  use_transformer(toy, "  norm: pre\n  positions: learned");
  const auto configuration = run::read_configuration(toy / "toy.yaml", {}, *toy.environment.registries);
  const auto model = run::outline(configuration->options.model, *toy.environment.registries, 20, 30);
  run::PlacementOptions options;
  options.preset = "paper";
  options.devices = {"cpu", "cpu", "cpu"};
  const auto table = run::place_table(*model, run::make_placement(options, c10::kCPU, model->layers(), 30));
  std::map<char, int64_t> sizes;  // e: tables, 0 and 1: layers, o: output
  for (const auto& item : model->named_parameters()) {
    const auto& name = item.key();
    const bool table_of_side =
        name.find("embedding") != std::string::npos || name.find("positions") != std::string::npos;
    const bool last = name.find(".layers.1.") != std::string::npos || name.find("coder.norm.") != std::string::npos;
    sizes[table_of_side ? 'e' : name.starts_with("output") ? 'o' : last ? '1' : '0'] += item.value().numel();
  }
  REQUIRE(table.size() == 3);
  CHECK(table[0].parameters == sizes['e'] + sizes['0']);
  CHECK(table[1].parameters == sizes['1']);
  CHECK(table[2].parameters == sizes['o']);
}

TEST_CASE("transformer: text longer than the learned positions is refused at its key before training", "[run][error]") {
  Toy toy(turned);
  use_transformer(toy, "  positions: learned\n  longest: 100");
  const auto read = [&](const std::vector<std::string>& set) {
    return run::read_configuration(toy / "toy.yaml", overrides(set), *toy.environment.registries);
  };
  CHECK_THROWS_WITH(read({}), ContainsSubstring("`data.max_length`") && ContainsSubstring("100 tokens") &&
                                  ContainsSubstring("`data.max_length` to at most 99"));
  CHECK_NOTHROW(read({"data.max_length=99"}));
  CHECK_NOTHROW(read({"model.positions=sinusoidal"}));
}

TEST_CASE("transformer: a line that has no learned position is named before anything is made of it", "[run][error]") {
  Toy toy(turned);
  use_transformer(toy, "  positions: learned\n  longest: 5");
  const auto short_ones = toy.folder().file("short", "a\nb c\n");
  const auto with_a_long_one = toy.folder().file("long", "a\nb c a b c\n");
  const std::string kept = "data.max_length=4";
  const auto refused_at = [](const fs::path& file, const auto& call) {
    CHECK_THAT(message_of<Error>(call),
               Catch::StartsWith(file.string() + ":2") &&
                   ContainsSubstring("has 5 tokens, but the model has learned positions for 4"));
  };
  for (const std::string part : {"validation", "test"}) {
    for (const std::string side : {"source", "target"}) {
      const auto set = fmt::format("data.{}.{}={}", part, side, with_a_long_one.string());
      const auto other =
          fmt::format("data.{}.{}={}", part, side == "source" ? "target" : "source", short_ones.string());
      refused_at(with_a_long_one, [&] { toy.train("refused", {kept, set, other}); });
    }
  }
  CHECK_FALSE(fs::exists(toy / "refused"));

  toy.train("run", {kept});
  const auto run = toy.load("run");
  std::ostringstream out;
  const auto score = [&](const fs::path& source, const fs::path& target) {
    run::score_files(run, source, target, out, {}, toy.environment);
  };
  refused_at(with_a_long_one, [&] { score(with_a_long_one, short_ones); });
  refused_at(with_a_long_one, [&] { score(short_ones, with_a_long_one); });
  const auto list = toy.folder().file("list", "0 ||| a ||| f= 1 ||| -1\n1 ||| b c a b c ||| f= 1 ||| -2\n");
  refused_at(list, [&] { run::score_n_best(run, list, short_ones, out, {}, toy.environment); });
  const data::FilePair files{with_a_long_one, {short_ones}};
  refused_at(with_a_long_one, [&] { run::evaluate(run, files, toy.environment); });
  CHECK(out.str().empty());
  data::LineReader lines(with_a_long_one, data::InvalidUtf8::error);
  refused_at(with_a_long_one, [&] { run::translate(run, lines, out, {}); });
  CHECK(lines_in(out.str()).size() == 1);  // of the previous line
}

TEST_CASE("transformer: reversing is learned, every held-out pair right", "[run][learn][slow]") {
  Toy toy(turned, /*letters=*/5, /*longest=*/5, /*held_out=*/200);
  use_transformer(toy);
  toy.train("run", {"model.dropout.residual=0", "train.schedule.kind=linear", "train.updates=600",
                    "train.validate.every_updates=300", "train.checkpoint.every_updates=0"});
  const auto evaluation = run::evaluate(toy.load("run"), {}, toy.environment);
  CHECK(evaluation.sentences == 200);
  CHECK(evaluation.outputs.rates.exact_match() == 1);
  CHECK(evaluation.perplexity.value() < 1.02);
}

TEST_CASE("transformer: a key of another architecture says whose it is, also in sections that both have",
          "[run][error]") {
  Toy toy(turned);
  const auto fault = [&](const std::string& file, const std::vector<std::string>& set) {
    return message_of<Error>([&] { run::read_configuration(toy / file, overrides(set), *toy.environment.registries); });
  };
  fs::copy_file(toy / "toy.yaml", toy / "rnn.yaml");
  CHECK_THAT(fault("rnn.yaml", {"model.dropout.residual=0.2"}),
             ContainsSubstring("`model.dropout.residual` is a key of kind `transformer`, but `model.architecture` is "
                               "`rnn`. Remove it, or change `model.architecture`"));
  CHECK_THAT(fault("rnn.yaml", {"model.heads=2"}),
             ContainsSubstring("`heads` is a key of kind `transformer`, but `architecture` is `rnn`"));
  CHECK_THAT(fault("rnn.yaml", {"model.encoder.dropout.residual=0.2"}),
             ContainsSubstring("`dropout` is a key of kind `transformer`, but `kind` is `lstm`"));
  use_transformer(toy, "  dropout: {residual: 0.1}");
  CHECK_THAT(fault("toy.yaml", {"model.encoder.cells=4"}),
             ContainsSubstring("`model.encoder.cells` is a key of kind `rnn`, but `model.architecture` is "));
  CHECK_NOTHROW(run::read_configuration(toy / "toy.yaml", overrides({"model.architecture=rnn"}),
                                        *toy.environment.registries));  // drops the keys of the Transformer in the file
}

TEST_CASE("transformer: parameters start as the architecture has them, or as the configuration says", "[run]") {
  Toy toy(turned);
  const auto largest = [&](const std::string& run, const std::string& name) {
    return toy.load(run, "last").model->named_parameters()[name].abs().max().item<double>();
  };
  use_transformer(toy);
  toy.train("own", {"train.updates=1", "train.optimizer.learning_rate=1e-9"});
  toy.train("uniform", {"train.updates=1", "train.optimizer.learning_rate=1e-9", "model.initialization=uniform"});
  const std::string weight = "encoder.layers.0.linear1.weight", gain = "encoder.layers.0.norm1.weight";
  CHECK_THAT(largest("own", weight), WithinAbs(0.25, 0.01));  // sqrt(6 / (32 + 64))
  CHECK_THAT(largest("uniform", weight), WithinAbs(0.08, 0.001));
  CHECK_THAT(largest("uniform", gain), WithinAbs(1, 1e-6));
}

}  // namespace
}  // namespace seq2seq::test
