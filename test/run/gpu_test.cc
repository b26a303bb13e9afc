#include "test/support/gpu.h"

#include <string>
#include <vector>

#include "seq2seq/decode/corpus_search.h"
#include "seq2seq/decode/hypothesis.h"
#include "seq2seq/run/evaluation_set.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

namespace {

const std::vector<std::string> gpu_toy{"train.updates=200", "train.validate.every_updates=100",
                                       "train.checkpoint.every_updates=100"};

std::vector<std::vector<decode::Hypothesis>> outputs_of(const run::LoadedRun& run, const fs::path& source,
                                                        const fs::path& target, int64_t batch) {
  const auto set = run::read_evaluation_set({source, {target}}, *run.text);
  auto options = run.options().decode;
  options.batch = batch;
  return decode::search_all(run.predictor(), decode::all_sentences(set.corpus.source), *run.text, options);
}

void require_same(const std::vector<std::vector<decode::Hypothesis>>& a,
                  const std::vector<std::vector<decode::Hypothesis>>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    CAPTURE(i);
    CHECK(a[i].front().ids == b[i].front().ids);
    CHECK_THAT(a[i].front().score, WithinAbs(b[i].front().score, 1e-5 * std::max(1.0, std::abs(b[i].front().score))));
  }
}

}  // namespace

TEST_CASE("gpu: training goes as on the CPU", "[run][gpu]") {
  const auto device = gpu();
  if (!device) return;
  Toy toy(copied);
  const auto here = toy.train("cpu", gpu_toy);
  toy.environment.device = *device;
  const auto there = toy.train("gpu", gpu_toy);
  REQUIRE(here.best_score);
  REQUIRE(there.best_score);
  // Rounding errors grow in 200 updates; parameters that learned something else would differ much more.
  CHECK_THAT(*there.best_score, WithinRel(*here.best_score, 0.02));
}

TEST_CASE("gpu: a run decodes to the same, with the same scores, wherever it was trained and in any batch",
          "[run][gpu][batch]") {
  const auto device = gpu();
  if (!device) return;
  const auto beam = GENERATE("1", "5");
  Toy toy(turned);
  toy.train("run", gpu_toy);
  const std::vector<std::string> set{std::string("decode.beam=") + beam};
  const auto expected = outputs_of(toy.load("run", "last", set), toy / "held.source", toy / "held.target", 7);
  toy.environment.device = *device;
  const auto run = toy.load("run", "last", set);
  for (const int64_t batch : {1, 7, 64}) {
    CAPTURE(beam, batch);
    require_same(outputs_of(run, toy / "held.source", toy / "held.target", batch), expected);
  }
}

TEST_CASE("gpu: what a device cannot compute in is refused at the key", "[run][error]") {
  Toy toy(copied);
  CHECK_THROWS_WITH(toy.train("run", {"train.precision=tf32"}),
                    ContainsSubstring("train.precision: `tf32` needs a GPU, but the device is `cpu`"));
}

TEST_CASE("gpu: a run goes on from its checkpoint, on the GPU and on the CPU", "[run][gpu][resume]") {
  const auto device = gpu();
  if (!device) return;
  Toy toy(copied);
  toy.environment.device = *device;
  toy.train("run", {"train.updates=20"});
  CHECK(toy.resume("run", {"train.updates=30"}).update == 30);
  toy.environment.device = c10::kCPU;
  CHECK(toy.resume("run", {"train.updates=40"}).update == 40);
  CHECK_THAT(toy.said(), ContainsSubstring("not exact"));
}

}  // namespace seq2seq::test
