#pragma once

// Set-up of the tests of sources with factors and of sources of several sentences.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/allclose.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/core/random.h"
#include "seq2seq/run/evaluate.h"
#include "seq2seq/run/run.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

/// Draws small numbers.
class SmallNumbers {
 public:
  explicit SmallNumbers(uint64_t seed) : draws_(seed, Purpose::sampling) {}
  int64_t below(int64_t bound) { return static_cast<int64_t>(draws_.uniform(next_++, 0) * static_cast<double>(bound)); }

 private:
  RandomStream draws_;
  uint64_t next_ = 0;
};

/// Sources and their targets, one per line.
using WrittenPairs = std::pair<std::string, std::string>;

/// Writes `count` pairs to train on and 60 others for validation and test. `make(count, seed)` makes them.
template <class Make>
void write_pairs(const Toy& toy, int64_t count, const Make& make) {
  for (const auto& [name, pairs] : {std::pair("train", make(count, uint64_t{5})), {"held", make(60, uint64_t{6})}}) {
    toy.folder().file(fmt::format("{}.source", name), pairs.first);
    toy.folder().file(fmt::format("{}.target", name), pairs.second);
  }
}

/// Returns the keys of a small model with attention that learns a task of letters in this many updates.
inline std::vector<std::string> quick_learner(int64_t updates) {
  return {"model.embedding.size=16",
          "model.encoder.layers=1",
          "model.decoder.layers=1",
          "model.encoder.cells=32",
          "model.decoder.cells=32",
          "model.attention.kind=general",
          "model.dropout.layers=0",
          "model.initialization=xavier",
          "train.schedule.kind=constant",
          fmt::format("train.updates={}", updates),
          fmt::format("train.validate.every_updates={}", updates),
          "train.checkpoint.every_updates=0"};
}

/// Returns the share of correct held-out outputs after a training.
inline double exact_after(Toy& toy, const std::string& run, const std::vector<std::string>& set) {
  toy.train(run, set);
  return run::evaluate(toy.load(run), {}, toy.environment).outputs.rates.exact_match();
}

/// Trains in one place and in several with the same settings; the parameters must agree.
inline void check_places(Toy& toy, std::vector<std::string> set, const std::vector<std::string>& schedule = {}) {
  toy.train("one", set);
  set.insert(set.end(), {"placement.devices=[cpu, cpu, cpu]", "placement.embeddings=0", "placement.encoder=[0, 1]",
                         "placement.decoder=[1, 2]", "placement.output=[2]"});
  set.insert(set.end(), schedule.begin(), schedule.end());
  toy.train("several", set);
  const auto one = toy.load("one"), several = toy.load("several");
  const auto parameters = several.model->named_parameters();
  for (const auto& parameter : one.model->named_parameters()) {
    CAPTURE(parameter.key());
    CHECK(at::allclose(parameter.value(), parameters[parameter.key()], /*rtol=*/0, /*atol=*/1e-5));
  }
}

/// Checks that a run on prepared text, interrupted after 15 updates and resumed, has the parameters of an uninterrupted
/// run on plain text.
inline void check_resume(Toy& toy, std::vector<std::string> set) {
  toy.train("long", set);
  set.insert(set.end(), {"train.updates=15", "data.prepared=" + (toy / "prepared").string()});
  toy.train("short", set);
  toy.resume("short", {"train.updates=30"});
  CHECK((parameters_of(toy / "short", 30) == parameters_of(toy / "long", 30)));
}

/// Returns the message for the toy's configuration with these settings.
inline std::string refusal_of(const Toy& toy, const std::vector<std::string>& set) {
  return message_of<UsageError>(
      [&] { run::read_configuration(toy / "toy.yaml", overrides(set), *toy.environment.registries); });
}

}  // namespace seq2seq::test
