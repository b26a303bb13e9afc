#include "seq2seq/train/weight_average.h"

#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>

#include "seq2seq/config/reader.h"
#include "seq2seq/core/error.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/checkpoint.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;

TrainOptions averaged(double decay) {
  auto options = tiny_options();
  options.average.decay = decay;
  options.checkpoint.every_updates = 1;
  options.checkpoint.keep = 100;
  return options;
}

Checkpoint at_update(const TinyRun& run, int64_t update) { return load_checkpoint(disk_files(), run.folder, update); }

/// Returns the numbers of a parameter.
std::vector<double> numbers_of(const at::Tensor& tensor) {
  const auto flat = tensor.to(at::kDouble).flatten().contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

TEST_CASE("weight average: the weights of each checkpoint are the average of what training passed through",
          "[train][average][witness]") {
  const double decay = GENERATE(0.3, 0.9999);  // the second is never reached: (t + 1) / (t + 10) is smaller
  CAPTURE(decay);
  TinyRun run(0.2, {}, at::kDouble);
  std::map<std::string, std::vector<double>> expected;
  for (const auto& [name, tensor] : nn::weights_of(*run.model).tensors) expected[name] = numbers_of(tensor);
  run.train(averaged(decay));
  for (int64_t update = 1; update <= 12; ++update) {
    const auto checkpoint = at_update(run, update);
    const auto t = static_cast<double>(update - 1);
    const double stays = std::min(decay, (t + 1) / (t + 10));
    for (auto& [name, average] : expected) {
      CAPTURE(update, name);
      const auto trained = numbers_of(checkpoint.optimizer.tensors.at(name + ".trained"));
      const auto found = numbers_of(checkpoint.weights.tensors.at(name));
      REQUIRE(found.size() == average.size());
      for (size_t i = 0; i < average.size(); ++i) {
        average[i] = stays * average[i] + (1 - stays) * trained[i];
        REQUIRE_THAT(found[i], WithinAbs(average[i], 1e-12));
      }
    }
  }
}

TEST_CASE("weight average: training itself does not see it", "[train][average]") {
  const std::string kind = GENERATE("sgd", "adam");
  TinyRun plain(0.2), run(0.2);
  auto options = averaged(0.9);
  if (kind == "adam") options.optimizer = selection("adam", AdamOptions{.learning_rate = 0.01});
  run.train(options);
  options.average = {};
  plain.train(options);
  const auto with = at_update(run, 12), without = at_update(plain, 12);
  for (const auto& [name, tensor] : without.weights.tensors) {
    CAPTURE(name);
    CHECK(with.optimizer.tensors.at(name + ".trained").equal(tensor));
    CHECK_FALSE(with.weights.tensors.at(name).equal(tensor));
  }
  for (const auto& [name, tensor] : without.optimizer.tensors) CHECK(with.optimizer.tensors.at(name).equal(tensor));
}

TEST_CASE("weight average: validation measures it, and training goes on as if it had not", "[train][average]") {
  TinyRun run(0.2);
  auto options = averaged(0.9);
  options.validate.every_updates = 3;
  run.train(options);
  const auto lines = run.metrics("validation");
  REQUIRE(lines.size() == 4);
  for (const auto& line : lines) {
    TinyRun read(0.2);
    nn::load_weights(*read.model, at_update(run, line.at("update").get<int64_t>()).weights, "weights");
    CHECK_THAT(line.at("perplexity").get<double>(), WithinRel(std::exp(read.loss()), 1e-6));
  }
  TinyRun unseen(0.2);
  unseen.setup.validate = nullptr;
  unseen.train(averaged(0.9));
  CHECK(same_tensors(at_update(run, 12).optimizer, at_update(unseen, 12).optimizer));
  CHECK(same_tensors(at_update(run, 12).weights, at_update(unseen, 12).weights));
}

TEST_CASE("weight average: an update that is skipped leaves it as it is", "[train][average]") {
  TinyRun run;
  {
    const at::NoGradGuard no_gradient;  // pairs with this word cannot be used for training
    run.model->named_parameters()["encoder.embedding.weight"][5].fill_(std::numeric_limits<float>::infinity());
  }
  auto options = averaged(0.5);
  options.freeze = {"encoder"};
  options.batch.sentences = 1;
  options.report_every_updates = 1;
  options.updates = 40;
  run.train(options);
  std::set<int64_t> made;  // only these have a line
  for (const auto& line : run.metrics("train")) made.insert(line.at("update").get<int64_t>());
  for (int64_t update = 2; update <= 40; ++update) {
    CAPTURE(update);
    CHECK(same_tensors(at_update(run, update - 1).weights, at_update(run, update).weights) != made.contains(update));
  }
  CHECK(made.size() > 10);
  CHECK(made.size() < 35);
}

TEST_CASE("weight average: frozen parameters are the same in both, and have no second copy", "[train][average]") {
  TinyRun run;
  auto options = averaged(0.9);
  options.freeze = {"encoder"};
  run.train(options);
  const auto first = at_update(run, 1), last = at_update(run, 12);
  CHECK(
      last.weights.tensors.at("encoder.embedding.weight").equal(first.weights.tensors.at("encoder.embedding.weight")));
  CHECK_FALSE(last.optimizer.tensors.contains("encoder.embedding.weight.trained"));
  CHECK(last.optimizer.tensors.contains("decoder.embedding.weight.trained"));
}

TEST_CASE("weight average: goes on under another placement of the output layer",
          "[train][average][placement][resume]") {
  TinyRun plain(0.2, {}, at::kDouble);
  plain.train(averaged(0.8));
  const TemporaryFolder folder;
  auto options = averaged(0.8);
  options.updates = 5;
  TinyRun(0.2, folder.path(), at::kDouble, output_shards({3, 1, 4})).train(options);
  options.updates = 12;
  TinyRun rest(0.2, folder.path(), at::kDouble, output_shards({6, 2}));
  rest.train(options, 5);
  const auto expected = at_update(plain, 12), found = at_update(rest, 12);
  REQUIRE(found.weights.tensors.size() == expected.weights.tensors.size());
  REQUIRE(found.optimizer.tensors.size() == expected.optimizer.tensors.size());
  for (const auto& [name, tensor] : expected.weights.tensors)
    CHECK(at::allclose(found.weights.tensors.at(name), tensor, 0, 1e-10));
  for (const auto& [name, tensor] : expected.optimizer.tensors)
    CHECK(at::allclose(found.optimizer.tensors.at(name), tensor, 0, 1e-10));
}

TEST_CASE("weight average: a checkpoint without the trained parameters is named", "[train][average][error]") {
  const auto model = random_model(1);
  NamedParameters parameters;
  for (const auto& item : model->named_parameters()) parameters.emplace_back(item.key(), item.value());
  WeightAverage average(0.9, parameters);
  nn::NamedTensors optimizer;
  average.store(optimizer);
  optimizer.tensors.erase("output.bias.trained");
  CHECK_THROWS_WITH(average.restore(optimizer, "optimizer.safetensors"),
                    ContainsSubstring("optimizer.safetensors") && ContainsSubstring("output.bias.trained: is missing"));
}

TEST_CASE("weight average: a decay outside (0, 1) is refused", "[train][average][options][error]") {
  AverageOptions options;
  config::Keys keys;
  declare(keys, options);
  const auto read = [&](const std::string& yaml) { config::read_text(yaml, "train.yaml", "/", {}, keys); };
  CHECK_THROWS_WITH(read("{decay: 1}"), ContainsSubstring("train.yaml:1:9") && ContainsSubstring("below 1"));
  CHECK_THROWS_WITH(read("{decay: 0}"), ContainsSubstring("train.yaml:1:9") && ContainsSubstring("above 0"));
  CHECK_THROWS_WITH(read("{decay: 2}"), ContainsSubstring("decay"));
}

}  // namespace
}  // namespace seq2seq::train
