#include "seq2seq/run/evaluate.h"
#include "test/support/catch.h"
#include "test/support/toy.h"

namespace seq2seq::test {

TEST_CASE("training: copying and reversing are learned, every held-out pair right", "[run][learn][slow]") {
  const bool reversal = GENERATE(false, true);
  CAPTURE(reversal);
  Toy toy(reversal ? turned : copied, /*letters=*/5, /*longest=*/5, /*held_out=*/200);
  toy.train("run",
            {"model.embedding.size=32", "model.encoder.layers=1", "model.decoder.layers=1", "model.encoder.cells=64",
             "model.decoder.cells=64", "train.batch.sentences=64", "train.schedule.warmup_updates=100",
             "train.updates=900", "train.validate.every_updates=450", "train.checkpoint.every_updates=0"});

  const auto evaluation = run::evaluate(toy.load("run"), {}, toy.environment);

  CHECK(evaluation.sentences == 200);
  CHECK(evaluation.outputs.rates.exact_match() == 1);
  CHECK(evaluation.outputs.rates.token_error_rate() == 0);
  CHECK(evaluation.perplexity.value() < 1.02);
}

}  // namespace seq2seq::test
