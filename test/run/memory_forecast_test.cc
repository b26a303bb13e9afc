#include "seq2seq/run/memory_forecast.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <c10/util/ThreadLocalDebugInfo.h>
#include <fmt/format.h>

#include "seq2seq/core/error.h"
#include "seq2seq/data/bucket.h"
#include "seq2seq/run/load.h"
#include "test/support/catch.h"
#include "test/support/counted_bytes.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

run::MemoryForecast forecast_of(Toy& toy, const std::vector<std::string>& set) {
  const auto configuration = run::read_configuration(toy / "toy.yaml", overrides(set), *toy.environment.registries);
  const auto data = run::read_training_data(*configuration, toy.environment);
  return run::forecast_memory(configuration->options, data, toy.environment).value();
}

}  // namespace

TEST_CASE("memory forecast: parameters and optimizer are those of the trained run, the batch the largest there is",
          "[run]") {
  Toy toy(copied);
  const std::vector<std::string> set{"train.batch.sentences=7", "train.optimizer.kind=adam",
                                     "train.optimizer.learning_rate=0.01", "train.updates=3"};
  const auto forecast = forecast_of(toy, set);
  toy.train("run", set);
  const auto run = toy.load("run");
  double numbers = 0;
  for (const auto& [part, count] : run.description.parameters) numbers += static_cast<double>(count);
  CHECK(forecast.parameters == 4 * numbers);
  CHECK(forecast.gradients == 4 * numbers);
  CHECK_THAT(forecast.optimizer, WithinRel(8 * numbers, 1e-3));  // two moments, and the number of steps
  REQUIRE(forecast.activations.has_value());

  const auto corpus = data::read_corpus(run.options().data.train, *run.text);
  const auto plan = data::plan_epoch(corpus, run.options().train.batch, run.options().seed, 0);
  int64_t most = 0;
  for (int64_t batch = 0; batch < plan.batches(); ++batch)
    most = std::max(most, data::make_batch(corpus, plan[batch], *run.text).target_tokens());
  CHECK(forecast.largest.target_tokens == most);
  CHECK(forecast.largest.sentences == 7);
}

/// Returns keys of a training with a vocabulary that is much larger than that of the toy's text.
std::vector<std::string> large_vocabulary(const Toy& toy) {
  std::string text = "# seq2seq vocabulary 1\n";
  for (const char* word : {"a", "b", "c"}) text += fmt::format("{}\t9\n", word);
  for (int word = 0; word < 3000; ++word) text += fmt::format("w{}\t1\n", word);
  disk_files().write(toy / "large.vocabulary", text);
  return {"data.source.vocabulary.file=" + (toy / "large.vocabulary").string(),
          "data.target.vocabulary.file=" + (toy / "large.vocabulary").string(),
          "model.dropout.layers=0",
          "model.embedding.size=64",
          "model.encoder.cells=96",
          "model.decoder.cells=96",
          "train.batch.sentences=64",
          "train.updates=3"};
}

TEST_CASE("memory forecast: is what the tensors of a training take at most", "[run]") {
  const auto optimizer = GENERATE(as<std::string>(), "sgd", "adam");
  const int64_t accumulate = GENERATE(1, 2);
  CAPTURE(optimizer, accumulate);
  Toy toy(copied, 3, 5);
  auto set = large_vocabulary(toy);
  set.push_back("train.optimizer.kind=" + optimizer);
  set.push_back("train.optimizer.learning_rate=0.01");
  set.push_back(fmt::format("train.accumulate={}", accumulate));
  const auto forecast = forecast_of(toy, set);
  const auto counted = std::make_shared<CountedBytes>();
  {
    const c10::DebugInfoGuard counting(c10::DebugInfoKind::PROFILER_STATE, counted);
    toy.train("run", set);
  }
  CHECK_THAT(forecast.total() - forecast.program, WithinRel(static_cast<double>(counted->peak), 0.05));
}

TEST_CASE("memory forecast: grows with the batch, and what does not fit is said before it is tried", "[run]") {
  Toy toy(copied);
  const auto small = forecast_of(toy, {"train.batch.sentences=4"}),
             large = forecast_of(toy, {"train.batch.sentences=64"});
  CHECK(*large.activations > 8 * *small.activations);
  const auto needed = static_cast<int64_t>(large.total() - large.program);
  CHECK(run::too_much_memory(large, std::nullopt).empty());
  CHECK(run::too_much_memory(large, needed + 1).empty());
  CHECK_THAT(run::too_much_memory(large, needed - 1),
             ContainsSubstring("64 sentences of ") && ContainsSubstring("smaller batches (`train.batch`"));
  CHECK_THAT(run::too_much_memory(large, static_cast<int64_t>(large.parameters)),
             ContainsSubstring("a smaller model or vocabulary"));
}

TEST_CASE("memory forecast: `--explain` says all of it and leaves nothing behind", "[run]") {
  Toy toy(copied);
  const auto lines = run::explain_training(
      {.config = toy / "toy.yaml", .overrides = {}, .folder = toy / "run", .init_from = {}}, toy.environment);
  REQUIRE(lines.size() == 6);
  CHECK_THAT(lines[4], ContainsSubstring("activations") && ContainsSubstring("of the largest batch: "));
  CHECK_THAT(lines[5], ContainsSubstring("total") && ContainsSubstring(" available"));
  CHECK_THAT(toy.said(), ContainsSubstring("parameters\n") && ContainsSubstring(" in total at the largest batch"));
  CHECK_FALSE(fs::exists(toy / "run"));
  auto on_gpu = toy.environment;
  on_gpu.device = c10::Device(c10::kCUDA, 0);
  const auto configuration = run::read_configuration(toy / "toy.yaml", {}, *toy.environment.registries);
  const auto data = run::read_training_data(*configuration, toy.environment);
  CHECK_FALSE(run::forecast_memory(configuration->options, data, on_gpu).has_value());
}

}  // namespace seq2seq::test
