// Updates on a GPU, tested on the devices of test/support/test_device.h, which record the waits of the host.

#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <c10/core/GradMode.h>

#include "seq2seq/core/error.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/freeze.h"
#include "seq2seq/train/sgd.h"
#include "seq2seq/train/update.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/support/registered.h"
#include "test/support/stream_order.h"
#include "test/support/test_device.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;

using Indices = std::vector<int64_t>;
using Waits = std::vector<std::string>;

nn::Placement on_test_device() { return {.device = test_device(0), .parts = {}, .output = {}}; }

Selection optimizer_called(const std::string& name) {
  if (name == "adam") return selection("adam", AdamOptions{.learning_rate = 0.01, .weight_decay = 0.01});
  return selection("sgd", SgdOptions{.learning_rate = 0.2, .momentum = 0.9, .weight_decay = 0.001});
}

void check_near(const nn::NamedTensors& found, const nn::NamedTensors& expected) {
  REQUIRE(found.tensors.size() == expected.tensors.size());
  for (const auto& [name, tensor] : expected.tensors) {
    CAPTURE(name);
    CHECK(at::allclose(found.tensors.at(name).cpu(), tensor, /*rtol=*/0, 1e-10));
  }
}

/// Makes the vector of a source word infinite, so only sentences with this word have the fault.
void spoil_word(TinyRun& run, int64_t word) {
  const at::NoGradGuard no_gradient;
  run.model->named_parameters()["encoder.embedding.weight"][word].fill_(std::numeric_limits<double>::infinity());
}

std::vector<data::Batch> batch_of(const TinyRun& run, const Indices& pairs) {
  return {data::make_batch(run.corpus, pairs, run.text)};
}

TEST_CASE("late update: the host waits for nothing inside an update, but for the numbers of one that was issued before",
          "[train][update][placement]") {
  // They read the targets, or draw words, on the host.
  const std::set<std::string> waiting{"rnn, output adaptive", "rnn, output sampled", "rnn, output noise_contrastive"};
  const auto name = GENERATE(from_range(names_of(model_variants())));
  CAPTURE(name);
  const std::string of_any_task =
      name.substr(name.starts_with("language model ") ? std::string("language model ").size() : 0);
  const bool waits_for_host = waiting.contains(of_any_task);
  TinyRun run;
  run.model = random_variant(name, 5, 0.3, at::kFloat, on_test_device());
  run.setup.model = run.model.get();
  auto options = tiny_options();
  options.optimizer = optimizer_called(GENERATE("sgd", "adam"));
  options.average.decay = 0.9;
  Updater updater(options, run.setup, trainable_parameters(*run.model, {}));
  take_races();
  take_waits();
  auto first = updater.issue(batch_of(run, {0, 1, 2, 3}), {.seed = 1, .update = 0}, 1);
  auto second = updater.issue(batch_of(run, {6, 5, 4}), {.seed = 1, .update = 1}, 1);
  const auto waits = take_waits();
  CHECK(waits.empty() == !waits_for_host);
  if (!waits.empty() && !waits_for_host) FAIL_CHECK(waits.front());
  CHECK(updater.finish(std::move(first)).made);
  CHECK(updater.finish(std::move(second)).made);
  CHECK(take_waits() == Waits{"event", "event"});
  CHECK(take_races().empty());
}

TEST_CASE("late update: what reads a number of the device is counted as waiting", "[train][update]") {
  const auto number = at::ones({3}, at::TensorOptions(at::kFloat).device(test_device(0)));
  take_waits();
  CHECK(number.sum().item<float>() == 3);
  CHECK(number.nonzero().size(0) == 3);
  CHECK(number.cpu().sum().item<float>() == 3);
  CHECK(at::ones({2}).to(test_device(0)).size(0) == 2);
  CHECK(number.index({number > 0}).size(0) == 3);
  CHECK(take_waits() == Waits{"aten::_local_scalar_dense", "aten::nonzero", "copy to the host",
                              "copy from memory that is not pinned", "aten::nonzero", "aten::index"});
}

TEST_CASE("late update: training on a device is that on the CPU", "[train][update][placement]") {
  const auto optimizer = GENERATE(std::string("sgd"), std::string("adam"));
  const bool averages = GENERATE(false, true);
  const bool spoils = GENERATE(false, true);
  CAPTURE(optimizer, averages, spoils);
  auto options = tiny_options();
  options.optimizer = optimizer_called(optimizer);
  options.clip = selection("norm", NormClipOptions{.limit = 0.05});
  options.report_every_updates = 5;
  options.validate.every_updates = 4;
  if (averages) options.average.decay = 0.9;
  TinyRun here(0.3, {}, at::kDouble), there(0.3, {}, at::kDouble, on_test_device());
  for (auto* run : {&here, &there}) {
    if (!spoils) continue;
    spoil_word(*run, 7);
    run->setup.validate = nullptr;
  }
  const auto expected = here.train(options), found = there.train(options);
  CHECK(found.update == expected.update);
  CHECK(found.skipped == expected.skipped);
  CHECK((expected.skipped > 0 && expected.skipped < 12) == spoils);
  CHECK_THAT(there.said(), ContainsSubstring(spoils ? "nan for pair" : "update 12"));
  const auto ours = load_checkpoint(disk_files(), there.folder, 12);
  const auto theirs = load_checkpoint(disk_files(), here.folder, 12);
  if (!spoils) {
    check_near(ours.weights, theirs.weights);
    check_near(ours.optimizer, theirs.optimizer);
  }
  const auto lines = there.metrics("train"), expected_lines = here.metrics("train");
  REQUIRE(lines.size() == expected_lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const auto* figure : {"loss", "gradient_norm", "learning_rate"})
      CHECK_THAT(lines[i].at(figure).get<double>(), WithinRel(expected_lines[i].at(figure).get<double>(), 1e-9));
    CHECK(lines[i].at("skipped") == expected_lines[i].at("skipped"));
    CHECK(lines[i].at("update") == expected_lines[i].at("update"));
  }
}

TEST_CASE("late update: one that is not finite changes nothing, nor what `stop` lets follow it",
          "[train][update][error]") {
  const auto optimizer = GENERATE(std::string("sgd"), std::string("adam"));
  const auto policy = GENERATE(NotFinite::skip, NotFinite::stop);
  CAPTURE(optimizer, static_cast<int>(policy));
  TinyRun run(0, {}, at::kFloat, on_test_device());
  auto options = tiny_options();
  options.optimizer = optimizer_called(optimizer);
  options.not_finite = policy;
  spoil_word(run, 7);
  Indices bad, good;
  for (int64_t pair = 0; pair < 12; ++pair) {
    const auto ids = run.corpus.source[pair];
    (std::ranges::find(ids, 7) == ids.end() ? good : bad).push_back(pair);
  }
  REQUIRE(bad.size() >= 2);
  REQUIRE(good.size() >= 2);
  Updater updater(options, run.setup, trainable_parameters(*run.model, {}));
  const auto snapshot = [&] {
    auto all = nn::weights_of(*run.model);
    for (const auto& [name, tensor] : updater.optimizer().state().tensors)
      all.tensors.emplace("state " + name, tensor.clone());
    return all;
  };
  auto before = snapshot();
  auto first = updater.issue(batch_of(run, {bad[0], bad[1]}), {}, 1);
  CHECK(same_tensors(snapshot(), before));
  auto second = updater.issue(batch_of(run, good), {}, 1);
  CHECK(same_tensors(snapshot(), before) == (policy == NotFinite::stop));
  const auto found = updater.finish(std::move(first));
  CHECK_FALSE(found.made);
  CHECK_THAT(found.fault, ContainsSubstring("pair " + std::to_string(bad[0] + 1) + " of the training text, pair " +
                                            std::to_string(bad[1] + 1)));
  CHECK(updater.finish(std::move(second)).made);
}

TEST_CASE("late update: training stops at what is not finite before a checkpoint is written", "[train][error]") {
  TinyRun run(0, {}, at::kFloat, on_test_device());
  auto options = tiny_options();
  options.not_finite = NotFinite::stop;
  options.checkpoint.every_updates = 1;
  run.setup.validate = nullptr;
  spoil_word(run, 7);
  CHECK_THROWS_WITH(run.train(options), ContainsSubstring("nan for pair "));
  for (const int64_t update : run.folder.updates()) {
    auto weights = load_checkpoint(disk_files(), run.folder, update).weights;
    weights.tensors.erase("encoder.embedding.weight");
    for (const auto& [name, tensor] : weights.tensors) {
      CAPTURE(update, name);
      CHECK(tensor.isfinite().all().item<bool>());
    }
  }
}

}  // namespace
}  // namespace seq2seq::train
