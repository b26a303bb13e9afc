#include "seq2seq/train/freeze.h"

#include <string>
#include <vector>

#include "seq2seq/core/error.h"
#include "test/support/catch.h"
#include "test/support/models.h"
#include "test/train/tiny_run.h"

namespace seq2seq::train {
namespace {

using namespace test;

TEST_CASE("freeze: a frozen part keeps its values, the rest is trained", "[train][freeze]") {
  TinyRun run;
  const auto before = nn::weights_of(*run.model);
  auto options = tiny_options();
  options.freeze = {"encoder.embedding", "output.weight"};
  run.train(options);
  const auto after = nn::weights_of(*run.model);
  for (const auto& [name, tensor] : before.tensors) {
    CAPTURE(name);
    const bool frozen = name.starts_with("encoder.embedding.") || name == "output.weight";
    CHECK(at::equal(after.tensors.at(name), tensor) == frozen);
  }
}

TEST_CASE("freeze: a name that is no part of the model is an error with the nearest", "[train][freeze][error]") {
  const auto model = random_model(1);
  CHECK_THROWS_WITH(trainable_parameters(*model, {"encoder.embeding"}),
                    ContainsSubstring("`encoder.embeding`") && ContainsSubstring("the nearest is `encoder.embedding`"));
  CHECK_THROWS_AS(trainable_parameters(*model, {"enc"}), Error);  // not a part, only a prefix of one
}

TEST_CASE("freeze: a model with nothing left to train is an error", "[train][freeze][error]") {
  const auto model = random_model(1);
  CHECK_THROWS_WITH(trainable_parameters(*model, {"encoder", "decoder", "output"}),
                    ContainsSubstring("nothing to train"));
}

TEST_CASE("freeze: a model trained on after it was frozen requires all gradients again", "[train][freeze]") {
  const auto model = random_model(1);
  const auto all = trainable_parameters(*model, {}).size();
  CHECK(trainable_parameters(*model, {"encoder"}).size() < all);
  CHECK(trainable_parameters(*model, {}).size() == all);
}

}  // namespace
}  // namespace seq2seq::train
