// An output layer over several devices: trained and stored values do not depend on the devices.

#include <string>
#include <vector>

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include "seq2seq/core/error.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/freeze.h"
#include "seq2seq/train/sgd.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;
using Shares = std::vector<int64_t>;

Selection optimizer_of(const std::string& name) {
  if (name == "adam") return selection("adam", AdamOptions{.learning_rate = 0.01, .weight_decay = 0.01});
  if (name == "sgd") return selection("sgd", SgdOptions{.learning_rate = 0.2});
  return selection("sgd", SgdOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.001});
}

TrainOptions options_of(const std::string& optimizer, int64_t updates) {
  auto options = tiny_options();
  options.optimizer = optimizer_of(optimizer);
  options.updates = updates;
  options.label_smoothing = 0.1;
  return options;
}

void check_close(const nn::NamedTensors& ours, const nn::NamedTensors& theirs) {
  REQUIRE(ours.tensors.size() == theirs.tensors.size());
  for (const auto& [name, tensor] : theirs.tensors) {
    CAPTURE(name);
    REQUIRE(ours.tensors.contains(name));
    CHECK(ours.tensors.at(name).sizes() == tensor.sizes());
    CHECK(at::allclose(ours.tensors.at(name), tensor, /*rtol=*/0, 1e-10));
  }
}

TEST_CASE("shards: training goes on under another placement, and ends as on one device", "[train][placement][resume]") {
  const auto optimizer = GENERATE(std::string("sgd"), std::string("momentum"), std::string("adam"));
  CAPTURE(optimizer);
  TinyRun plain(0.2, {}, at::kDouble);
  plain.train(options_of(optimizer, 12));
  const auto expected = load_checkpoint(disk_files(), plain.folder, 12);

  const TemporaryFolder folder;
  TinyRun(0.2, folder.path(), at::kDouble, output_shards({3, 1, 4})).train(options_of(optimizer, 4));
  TinyRun(0.2, folder.path(), at::kDouble).train(options_of(optimizer, 8), 4);
  TinyRun(0.2, folder.path(), at::kDouble, output_shards({6, 2})).train(options_of(optimizer, 12), 8);
  const auto found = load_checkpoint(disk_files(), RunFolder(folder.path()), 12);
  check_close(found.weights, expected.weights);
  check_close(found.optimizer, expected.optimizer);
}

TEST_CASE("shards: the same values are the same files, whatever the placement", "[train][placement][checkpoint]") {
  const auto optimizer = GENERATE(std::string("momentum"), std::string("adam"));
  CAPTURE(optimizer);
  TinyRun plain(0.2, {}, at::kDouble);
  plain.train(options_of(optimizer, 5));
  const auto stored = load_checkpoint(disk_files(), plain.folder, 5);
  for (const Shares& shares : {Shares{3, 1, 4}, Shares{6, 2}, Shares{1, 1, 1, 1, 1, 1, 1, 1}}) {
    CAPTURE(shares);
    const auto model = random_model(4, {}, at::kDouble, output_shards(shares));
    nn::load_weights(*model, stored.weights, "weights");
    const auto made = builtin_optimizers().make(optimizer_of(optimizer), trainable_parameters(*model, {}));
    made->restore(stored.optimizer, "optimizer");
    const TemporaryFolder folder;
    const RunFolder there(folder.path());
    save_checkpoint(disk_files(), there,
                    {.weights = nn::weights_in_place(*model), .optimizer = made->state(), .state = stored.state}, 1);
    for (const auto* file : {"weights.safetensors", "optimizer.safetensors", "checksums.json"}) {
      CAPTURE(file);
      CHECK(content_of(there.checkpoint(5) / file) == content_of(plain.folder.checkpoint(5) / file));
    }
  }
}

TEST_CASE("shards: what does not fit in a stored optimizer is told of the whole tensor", "[train][placement][error]") {
  const auto model = random_model(4, {}, at::kFloat, output_shards({3, 1, 4}));
  const auto optimizer = builtin_optimizers().make(optimizer_of("adam"), trainable_parameters(*model, {}));
  auto whole = nn::from_safetensors(nn::to_safetensors(optimizer->state()), "file");
  optimizer->restore(whole, "o.safetensors");
  auto missing = whole;
  missing.tensors.erase("output.weight.exp_avg");
  CHECK_THROWS_WITH(optimizer->restore(missing, "o.safetensors"),
                    ContainsSubstring("o.safetensors: output.weight.exp_avg: is missing"));
  auto short_one = whole;
  short_one.tensors["output.bias.exp_avg"] = at::zeros({7});
  CHECK_THROWS_WITH(optimizer->restore(short_one, "o.safetensors"),
                    ContainsSubstring("output.bias.exp_avg: has type Float and shape [7], expected Float and [8]"));
}

TEST_CASE("shards: `freeze` names the whole, and freezes all of it", "[train][placement][freeze]") {
  TinyRun run(0, {}, at::kFloat, output_shards({3, 1, 4}));
  const auto before = nn::weights_of(*run.model);
  auto options = tiny_options();
  options.freeze = {"output.weight"};
  run.train(options);
  const auto after = nn::weights_of(*run.model);
  for (const auto& [name, tensor] : before.tensors) {
    CAPTURE(name);
    CHECK(at::equal(after.tensors.at(name), tensor) == (name == "output.weight"));
  }
  CHECK_THROWS_WITH(trainable_parameters(*run.model, {"output.weight[0:3]"}),
                    ContainsSubstring("not a part of the model; the nearest is `output.weight`"));
}

}  // namespace
}  // namespace seq2seq::train
