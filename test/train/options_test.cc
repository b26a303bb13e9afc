#include "seq2seq/train/options.h"

#include <set>
#include <string>

#include "seq2seq/config/reader.h"
#include "seq2seq/config/resolved.h"
#include "seq2seq/core/error.h"
#include "seq2seq/train/adam.h"
#include "seq2seq/train/schedule/halve.h"
#include "test/support/catch.h"

namespace seq2seq::train {
namespace {

using namespace test;

const OptimizerRegistry kOptimizers = builtin_optimizers();
const ScheduleRegistry kSchedules = builtin_schedules();
const ClipRegistry kClips = builtin_clips();
const std::string kLeast = "batch: {sentences: 8}\nepochs: 2\n";

TrainOptions read(const std::string& yaml) {
  TrainOptions options;
  config::Keys keys;
  declare(keys, options, kOptimizers, kSchedules, kClips);
  config::read_text(yaml, "train.yaml", "/", {}, keys);
  return options;
}

TEST_CASE("train options: the paper's section is read", "[train][options]") {
  const auto options = read(R"(
objective: per_token
batch: {sentences: 128}
accumulate: 3
optimizer: {kind: adamw, learning_rate: 0.7, beta2: 0.98}
schedule: {kind: halve, from_epoch: 4, every_epochs: 0.25}
clip: {kind: norm_range, min: 1, max: 2}
not_finite: stop
epochs: 7.5
minutes: 5
validate: {every_updates: 2000, metrics: [perplexity, bleu], best_by: bleu, patience: 3}
checkpoint: {every_minutes: 30, keep: 4}
freeze: [encoder]
)");
  CHECK(options.objective == Objective::per_token);
  CHECK(options.batch.sentences == 128);
  CHECK(options.accumulate == 3);
  CHECK(options.optimizer.options.get<AdamOptions>()->beta2 == 0.98);
  CHECK(options.optimizer.options.get<AdamOptions>()->decoupled);
  CHECK(options.schedule.options.get<HalveOptions>()->every_epochs == 0.25);
  CHECK(options.clip.kind == "norm_range");
  CHECK(options.clip.options.get<NormRangeClipOptions>()->max == 2);
  CHECK(options.not_finite == NotFinite::stop);
  CHECK(options.epochs == 7.5);
  CHECK_FALSE(options.updates.has_value());
  CHECK(options.minutes == 5);
  CHECK(options.validate.best_by == "bleu");
  CHECK(options.checkpoint.keep == 4);
  CHECK(options.freeze == std::vector<std::string>{"encoder"});
}

TEST_CASE("train options: what contradicts itself or is out of range is told with its key", "[train][options][error]") {
  struct Case {
    std::string yaml, says;
  };
  const auto wrong = GENERATE(values<Case>({
      {"batch: {sentences: 8}\n", "neither `epochs` nor `updates` is given"},
      {kLeast + "updates: 3\n", "`epochs` and `updates` are both given"},
      {kLeast + "clip: {kind: norm_range, min: 3, max: 2}\n", "must not be less than `min`"},
      {kLeast + "clip: {kind: none, limit: 3}\n", "`limit` is a key of kinds `norm`, `value`, but `kind` is `none`"},
      {kLeast + "validate: {best_by: bleu}\n",
       "`bleu` is not among `metrics`: perplexity; add `bleu` to `train.validate.metrics`, or set "
       "`train.validate.best_by: perplexity`"},
      {kLeast + "validate: {metrics: []}\n", "add `perplexity` to `train.validate.metrics`"},
      {kLeast + "label_smoothing: 1\n", "label_smoothing"},
      {kLeast + "optimizer: {kind: sgd, nesterov: true}\n", "needs `momentum` above 0"},
      {kLeast + "schedule: {kind: plateau, patience: 0}\n", "patience"},
      {kLeast + "checkpoint: {keep: 0}\n", "keep"},
      {"batch: {sentences: 8}\nepochs: 0\n", "epochs"},
  }));
  CAPTURE(wrong.yaml);
  CHECK_THROWS_AS(read(wrong.yaml), UsageError);
  CHECK_THROWS_WITH(read(wrong.yaml), ContainsSubstring(wrong.says) && ContainsSubstring("train.yaml:"));
}

TEST_CASE("train options: the written list of keys may change on resume, and no other", "[train][options][resume]") {
  TrainOptions before, after;
  config::Keys keys_before, keys_after;
  declare(keys_before, before, kOptimizers, kSchedules, kClips);
  declare(keys_after, after, kOptimizers, kSchedules, kClips);
  config::read_text(kLeast, "train.yaml", "/", {}, keys_before);
  config::read_text(R"(
objective: per_token
batch: {tokens: 9}
accumulate: 2
label_smoothing: 0.1
optimizer: {learning_rate: 0.1, momentum: 0.5}
clip: {kind: value, limit: 1}
not_finite: stop
updates: 7
minutes: 3
validate: {every_updates: 3, metrics: [bleu], best_by: bleu, patience: 2}
checkpoint: {every_minutes: 1, every_updates: 2, keep: 3}
freeze: [encoder]
report_every_updates: 5
)",
                    "train.yaml", "/", {}, keys_after);
  std::set<std::string> may, fixed;
  for (const auto& change : config::compare(keys_before, keys_after))
    (change.on_resume == config::OnResume::may_change ? may : fixed).insert(change.key);
  CHECK(may == std::set<std::string>{"checkpoint.every_minutes", "checkpoint.every_updates", "checkpoint.keep",
                                     "epochs", "minutes", "optimizer.learning_rate", "report_every_updates", "updates",
                                     "validate.every_updates", "validate.metrics", "validate.patience"});
  CHECK(fixed == std::set<std::string>{"accumulate", "batch.sentences", "batch.tokens", "clip.kind", "clip.limit",
                                       "freeze", "label_smoothing", "not_finite", "objective", "optimizer.momentum",
                                       "validate.best_by"});
}

}  // namespace
}  // namespace seq2seq::train
