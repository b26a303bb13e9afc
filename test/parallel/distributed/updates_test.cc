#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/allclose.h>
#include <fmt/format.h>

#include "seq2seq/parallel/distributed/data_parallel.h"
#include "seq2seq/parallel/distributed/process_group.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/freeze.h"
#include "test/parallel/distributed/ranks.h"
#include "test/support/catch.h"
#include "test/train/tiny_run.h"

// The ranks are processes of this program, which run the hidden case at the end of this file.

namespace seq2seq::parallel {
namespace {

using namespace test;

constexpr const char* kFolder = "SEQ2SEQ_TEST_FOLDER";

struct Scenario {
  const char* name;
  at::ScalarType type;
  train::Objective objective;
  int64_t sentences, accumulate;
  double dropout;
  bool weights, adam;
  int64_t bucket_bytes;
  double tolerance;
};

// SGD in float32: Adam turns rounding near zero into full steps. Batches of 3 leave a rank of four without a sentence.
constexpr Scenario kScenarios[] = {
    {"float32", at::kFloat, train::Objective::per_sentence, 8, 1, 0, false, false, 400, 1e-5},
    {"float32-token-dropout", at::kFloat, train::Objective::per_token, 8, 3, 0.3, true, false, 100, 1e-5},
    {"double", at::kDouble, train::Objective::per_sentence, 8, 1, 0, false, true, 25'000'000, 1e-10},
    {"double-token-weights", at::kDouble, train::Objective::per_token, 5, 3, 0.3, true, true, 400, 1e-10},
    {"double-few", at::kDouble, train::Objective::per_sentence, 3, 1, 0.3, true, true, 1, 1e-10},
    {"double-one", at::kDouble, train::Objective::per_token, 1, 2, 0, false, true, 400, 1e-10},
};

/// Runs ten updates; null: in one process.
nn::NamedTensors trained(const Scenario& scenario, ProcessGroup* group) {
  at::set_num_threads(1);
  TinyRun run(scenario.dropout, {}, scenario.type);
  if (scenario.weights) {
    data::TokenStoreBuilder weights;
    for (int64_t pair = 0; pair < run.corpus.pairs(); ++pair)
      weights.add({data::stored_weight(0.25F * static_cast<float>(1 + pair % 5))});
    run.corpus.weights = weights.finish();
  }
  auto options = tiny_options();
  options.objective = scenario.objective;
  options.batch.sentences = scenario.sentences;
  options.accumulate = scenario.accumulate;
  options.updates = 10;
  if (scenario.adam) options.optimizer = selection("adam", train::AdamOptions{.learning_rate = 0.01});
  train::SerialGradients own(*run.model, {});
  std::unique_ptr<DataParallel> joint;
  if (group != nullptr) {
    joint = std::make_unique<DataParallel>(own, *group, *run.model, train::trainable_parameters(*run.model, {}),
                                           scenario.bucket_bytes);
    run.setup.team = group;
    run.setup.gradients = joint.get();
  }
  run.train(options);
  return nn::weights_of(*run.model);
}

TEST_CASE("data parallel: ranks make the updates of one process, and end with the same bits",
          "[parallel][batch][property]") {
  const int64_t ranks = GENERATE(2, 4);
  CAPTURE(ranks);
  const TemporaryFolder folder;
  const auto ended = Ranks(this_program(), {"[rank-of-updates]"}, ranks, {{kFolder, folder.path().string()}}).wait();
  CAPTURE(all_said(ended));
  for (const auto& each : ended) REQUIRE(each.code == 0);
  for (const auto& scenario : kScenarios) {
    CAPTURE(scenario.name);
    const auto expected = trained(scenario, nullptr);
    const auto bytes = content_of(folder / fmt::format("{}-0", scenario.name));
    for (int64_t rank = 1; rank < ranks; ++rank)
      CHECK(content_of(folder / fmt::format("{}-{}", scenario.name, rank)) == bytes);
    const auto found = nn::from_safetensors(bytes, scenario.name);
    REQUIRE(found.tensors.size() == expected.tensors.size());
    for (const auto& [name, tensor] : expected.tensors) {
      CAPTURE(name);
      CHECK(at::allclose(found.tensors.at(name), tensor, 0, scenario.tolerance));
    }
  }
}

TEST_CASE("data parallel: a rank of the test above", "[.][rank-of-updates]") {
  const char* folder = std::getenv(kFolder);
  if (folder == nullptr) return;  // CTest runs all cases of a file
  ProcessGroup group(read_launch(), {.timeout = 20}, c10::kCPU);
  group.run([&] {
    for (const auto& scenario : kScenarios) {
      disk_files().write(fs::path(folder) / fmt::format("{}-{}", scenario.name, group.rank()),
                         nn::to_safetensors(trained(scenario, &group)));
    }
  });
}

}  // namespace
}  // namespace seq2seq::parallel
