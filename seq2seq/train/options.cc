#include "seq2seq/train/options.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace seq2seq::train {
namespace {

std::string wrong_length_of_run(const TrainOptions& options) {
  if (options.epochs.has_value() == options.updates.has_value())
    return options.epochs ? "`epochs` and `updates` are both given; a run has one length, so leave out one of them"
                          : "neither `epochs` nor `updates` is given; one of them says how long to train";
  return "";
}

}  // namespace

void declare(config::Keys& keys, ValidateOptions& options) {
  // The interval is in the digest: it decides which checkpoint is the best, and when patience ends.
  keys.add("every_updates", options.every_updates,
           "from one validation to the next; 0: at the end of each epoch. There is always one at the end of the run")
      .unit("updates")
      .at_least(0)
      .may_change_on_resume();
  keys.add("metrics", options.metrics, "figures to measure on the validation set");
  keys.add("best_by", options.best_by, "the one of them by which the best checkpoint is kept");
  keys.add("patience", options.patience,
           "validations in a row without improvement after which training stops; 0: it does not")
      .unit("validations")
      .at_least(0)
      .may_change_on_resume();
  keys.rule("best_by", [&options] {
    const bool measured =
        std::find(options.metrics.begin(), options.metrics.end(), options.best_by) != options.metrics.end();
    return measured ? std::string()
                    : fmt::format("`{}` is not among `metrics`: {}", options.best_by, fmt::join(options.metrics, ", "));
  });
}

void declare(config::Keys& keys, CheckpointOptions& options) {
  keys.add("every_minutes", options.every_minutes,
           "from one checkpoint to the next; 0: not by time. There is one after each validation besides")
      .unit("minutes")
      .at_least(0)
      .changes_no_result();
  keys.add("every_updates", options.every_updates, "from one checkpoint to the next; 0: not by updates")
      .unit("updates")
      .at_least(0)
      .changes_no_result();
  keys.add("keep", options.keep, "how many of the last checkpoints are kept; the best is kept besides")
      .unit("checkpoints")
      .at_least(1)
      .changes_no_result();
}

void declare(config::Keys& keys, TrainOptions& options, const OptimizerRegistry& optimizers,
             const ScheduleRegistry& schedules, const ClipRegistry& clips) {
  keys.add(
      "objective", options.objective, {{"per_sentence", Objective::per_sentence}, {"per_token", Objective::per_token}},
      "what the sum of an update's token losses is divided by: its sentences (arXiv 1409.3215) or its target tokens");
  keys.add("precision", options.precision, {{"float32", nn::Precision::float32}},
           "type of the parameters, in which training computes");
  keys.section("batch", options.batch, "how pairs are put into batches");
  keys.add("accumulate", options.accumulate,
           "batches an update; their gradient is that of one batch of all their pairs")
      .unit("batches")
      .at_least(1);
  keys.add("label_smoothing", options.label_smoothing,
           "share of the target's probability that is spread evenly over all words (arXiv 1512.00567)")
      .at_least(0)
      .below(1);
  keys.add(
          "coverage_loss", options.coverage_loss,
          "weight of a loss on looking at the same words again: for each target token the sum of min(attention weight, "
          "sum of earlier ones) over its source (See et al. 2017, arXiv 1704.04368, equations 12 and 13)")
      .at_least(0);
  keys.section("guided_alignment", options.guided_alignment,
               "a loss on attention that differs from the word alignments `data.train.alignment`; Chen et al. 2016, "
               "arXiv 1607.01628");
  keys.add("teacher_forcing", options.teacher_forcing,
           "share of the pairs, drawn anew each time, whose decoder reads the target; that of the others reads the "
           "words that the model itself writes, greedily, as many as the target has")
      .at_least(0)
      .at_most(1);
  keys.section("scheduled_sampling", options.scheduled_sampling,
               "how the share `teacher_forcing` falls in the course of training, and what is drawn by it; Bengio et "
               "al. 2015, arXiv 1506.03099");
  keys.section("average", options.average,
               "moving average of the weights, with which is validated and decoded; Polyak and Juditsky 1992");
  keys.select("optimizer", options.optimizer, optimizers, "what turns gradients into steps");
  keys.select("schedule", options.schedule, schedules, "how the learning rate changes in the course of training");
  keys.select("clip", options.clip, clips, "how large gradients are cut down");
  keys.add("not_finite", options.not_finite, {{"skip", NotFinite::skip}, {"stop", NotFinite::stop}},
           "what happens when a loss or gradient is not finite: the update is skipped and counted, or training stops");
  keys.add("epochs", options.epochs, "length of the run; may be a fraction")
      .unit("epochs")
      .above(0)
      .may_change_on_resume();
  keys.add("updates", options.updates, "length of the run").unit("updates").at_least(1).may_change_on_resume();
  keys.add("minutes", options.minutes,
           "longest time of one call of `train`: it then writes a checkpoint, and the run can be resumed")
      .unit("minutes")
      .above(0)
      .changes_no_result();
  keys.section("validate", options.validate, "when and what to measure on the validation set");
  keys.section("checkpoint", options.checkpoint, "when to write checkpoints, and which to keep");
  keys.add("freeze", options.freeze,
           "parts of the model (`encoder`, `encoder.embedding`) or parameters that keep their values");
  keys.add("report_every_updates", options.report_every_updates, "from one line of metrics.jsonl to the next")
      .unit("updates")
      .at_least(1)
      .changes_no_result();
  keys.add("tensorboard", options.tensorboard,
           "whether what goes to metrics.jsonl also goes to TensorBoard's event files")
      .changes_no_result();
  keys.rule("epochs", [&options] { return wrong_length_of_run(options); });
}

}  // namespace seq2seq::train
