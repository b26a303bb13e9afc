#include <string>

#include "seq2seq/config/resolved.h"
#include "test/config/sample.h"
#include "test/support/catch.h"

namespace seq2seq::config {

using seq2seq::test::ContainsSubstring;
using test::OptimizerOptions;
using test::Sample;

TEST_CASE("reference: a section lists its keys with type, bounds, unit, default and meaning", "[config][reference]") {
  const Sample sample;
  REQUIRE(reference(sample.keys, "train.optimizer") ==
          "train.optimizer: the steps\n"
          "  learning_rate: a number above 0; default 0.7; may change on resume\n"
          "      step size\n"
          "  beta1: a number of at least 0; default 0.9\n"
          "      decay of the mean\n"
          "  fused: `true` or `false`; default true\n"
          "      one pass over all parameters\n");
}

TEST_CASE("reference: a choice lists every kind with its keys", "[config][reference]") {
  const Sample sample;
  REQUIRE(
      reference(sample.keys, "train.schedule") ==
      "train.schedule: the learning rate over time\n  kind: one of `constant`, `halve`, `warmup`; default constant\n   "
      "   kind; each has its own keys\n  with `kind: constant`: always the same\n  with `kind: halve`: halved now and "
      "then\n      from_epoch: a number of at least 0 (epochs); default 5\n          the first halving\n      "
      "every_epochs: a number above 0 (epochs); default 0.5\n          between two halvings\n  with `kind: warmup`: "
      "rises, then falls\n      updates: a whole number of at least 1; default 4000\n          until the largest "
      "rate\n      every_epochs: a number above 0; default 2\n          between two restarts\n");
}

struct Halves {
  OptimizerOptions first{}, second{}, third{};
};
/// `split` and `deep` have one section in common and one each of their own.
struct SplitOptions : Halves {};
void declare(Keys& keys, SplitOptions& options) {
  keys.section("common", options.first, "of both");
  keys.section("own", options.second, "of one");
}
struct DeepOptions : Halves {};
void declare(Keys& keys, DeepOptions& options) {
  keys.section("common", options.first, "of both");
  keys.section("deep", options.third, "of the other");
}
template <class Of>
struct Part final : test::Schedule {
  using Options = Of;
  explicit Part(const Options&) {}
};

TEST_CASE("reference: a section of some kinds alone names them, one of every kind does not", "[config][reference]") {
  Registry<test::Schedule> kinds;
  kinds.add<Part<SplitOptions>>("split", "in two");
  kinds.add<Part<DeepOptions>>("deep", "far down");
  Selection selection{"split", nullptr};
  Keys keys;
  keys.select("parts", selection, kinds, "of a whole");
  const std::string all = reference(keys);
  CHECK_THAT(all, ContainsSubstring("\nparts.common: of both\n"));
  CHECK(all.find("parts.common:") == all.rfind("parts.common:"));
  CHECK_THAT(all, ContainsSubstring("\nparts.own: of one (with `parts.kind: split`)\n"));
  CHECK_THAT(all, ContainsSubstring("\nparts.deep: of the other (with `parts.kind: deep`)\n"));
  CHECK_THAT(reference(keys, "parts.deep"),
             Catch::StartsWith("parts.deep: of the other (with `parts.kind: deep`)\n  learning_rate: "));
}

TEST_CASE("reference: names every key there is", "[config][reference]") {
  const Sample sample;
  const std::string all = reference(sample.keys);
  for (const char* text :
       {"seed: a whole number of at least 0; default 1\n", "name: a string; default run; changes no result\n",
        "\ndata: the text\n", "  train: a path; required; identified by content, not by path\n",
        "  metrics: one of `perplexity`, `bleu`, `wer`, or a list, as in `[a, b]`; default [perplexity]\n",
        "  shares: a number of at least 0 and below 10, or a list of numbers, as in `[a, b]`; default [1, 0.5]\n",
        "  reverse: one of `none`, `source`, `target`; default source\n", "\ntrain: how the model is trained\n",
        "  epochs: a whole number of at least 1 and at most 100 (epochs); default 10; may change on resume\n",
        "  updates: a whole number of at least 1 or `null`; not set\n", "\ntrain.optimizer: the steps\n",
        "\ntrain.schedule: the learning rate over time\n"}) {
    CHECK_THAT(all, ContainsSubstring(text));
  }
}

TEST_CASE("reference: a single key can be asked for", "[config][reference]") {
  const Sample sample;
  REQUIRE(reference(sample.keys, "data.reverse") ==
          "reverse: one of `none`, `source`, `target`; default source\n    the side that is turned round\n");
}

TEST_CASE("reference: an unknown section names the nearest", "[config][reference][error]") {
  const Sample sample;
  REQUIRE_THROWS_AS(reference(sample.keys, "train.optimiser"), UsageError);
  REQUIRE_THROWS_WITH(reference(sample.keys, "train.optimiser"),
                      "unknown section or key `train.optimiser`; the nearest is `train.optimizer`. `seq2seq config "
                      "reference` lists all of them");
}

}  // namespace seq2seq::config
