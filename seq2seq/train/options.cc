#include "seq2seq/train/options.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace seq2seq::train {
namespace {

std::string wrong_length_of_run(const TrainOptions& options) {
  if (options.epochs.has_value() == options.updates.has_value())
    return options.epochs ? "`epochs` and `updates` are both given, but a run has one length; leave out one of them, "
                            "or unset it with `--set train.epochs=null` or `--set train.updates=null`"
                          : "neither `epochs` nor `updates` is given; one of them says how long to train";
  return "";
}

}  // namespace

void declare(config::Keys& keys, ValidateOptions& options) {
  // The interval is part of the digest, because it affects which checkpoint is the best and when patience ends.
  keys.add("every_updates", options.every_updates,
           "interval between validations; 0: at the end of each epoch. A run always ends with one")
      .unit("updates")
      .at_least(0)
      .may_change_on_resume();
  keys.add("metrics", options.metrics,
           "figures to measure on the validation set: perplexity, word_perplexity, character_perplexity, exact_match, "
           "sequence_error_rate, token_error_rate, bleu, multi_bleu, chrf, chrf++, ter, word_error_rate, "
           "position_independent_error_rate")
      .may_change_on_resume();
  keys.add("best_by", options.best_by, "measured figure that decides which checkpoint is best");
  keys.add("patience", options.patience,
           "consecutive validations without improvement after which training stops; 0: never")
      .unit("validations")
      .at_least(0)
      .may_change_on_resume();
  keys.rule("best_by", [&options] {
    const auto& measured = options.metrics;
    if (std::find(measured.begin(), measured.end(), options.best_by) != measured.end()) return std::string();
    return fmt::format("`{0}` is not among `metrics`: {1}; add `{0}` to `train.validate.metrics`{2}", options.best_by,
                       fmt::join(measured, ", "),
                       measured.empty() ? "" : fmt::format(", or set `train.validate.best_by: {}`", measured.front()));
  });
}

void declare(config::Keys& keys, CheckpointOptions& options) {
  keys.add("every_minutes", options.every_minutes,
           "interval between checkpoints; 0: not by time. Every validation also writes one")
      .unit("minutes")
      .at_least(0)
      .changes_no_result();
  keys.add("every_updates", options.every_updates, "interval between checkpoints; 0: not by updates")
      .unit("updates")
      .at_least(0)
      .changes_no_result();
  keys.add("keep", options.keep, "number of newest checkpoints to keep, in addition to the best")
      .unit("checkpoints")
      .at_least(1)
      .changes_no_result();
}

namespace {

void declare_loss(config::Keys& keys, TrainOptions& options) {
  keys.add(
      "objective", options.objective, {{"per_sentence", Objective::per_sentence}, {"per_token", Objective::per_token}},
      "divisor of the summed token losses of an update: number of its sentences (arXiv 1409.3215) or target tokens");
  keys.add(
      "precision", options.precision,
      {{"float32", nn::Precision::float32}, {"tf32", nn::Precision::tf32}, {"bf16", nn::Precision::bf16}},
      "type of the operands of products; sums, parameters, states, losses, updates, validation and decoding stay "
      "float32. `bf16` needs a GPU of compute capability 8.0, or a processor with AVX512-BF16 (for LSTM layers and a "
      "full output layer on one device; other products stay float32). `tf32` needs such a GPU");
  keys.section("batch", options.batch, "division of the pairs into batches");
  keys.add("accumulate", options.accumulate,
           "batches per update; the gradient equals that of one batch with all these pairs. Raise it if a batch does "
           "not fit into memory")
      .unit("batches")
      .at_least(1)
      .at_most(1e9);
  keys.add("label_smoothing", options.label_smoothing,
           "share of the target's probability that is spread evenly over all words, often 0.1 (arXiv 1512.00567)")
      .at_least(0)
      .below(1);
  keys.add("coverage_loss", options.coverage_loss,
           "weight of the coverage loss, which penalizes attending to the same source words again: for each target "
           "token, the sum of min(attention weight, sum of earlier weights) over the source (See et al. 2017, arXiv "
           "1704.04368, equations 12 and 13)")
      .at_least(0);
  keys.section(
      "guided_alignment", options.guided_alignment,
      "a loss that penalizes attention for deviating from the word alignments in `data.train.alignment`; Chen et "
      "al. 2016, arXiv 1607.01628");
  keys.add("teacher_forcing", options.teacher_forcing,
           "share of pairs, drawn anew each time, whose decoder reads the target; for the others it reads words that "
           "the model writes greedily. Below 1, an update costs an extra forward pass, word by word")
      .at_least(0)
      .at_most(1);
  keys.section("scheduled_sampling", options.scheduled_sampling,
               "decrease of `teacher_forcing` during training; Bengio et al. 2015, arXiv 1506.03099");
}

void declare_length(config::Keys& keys, TrainOptions& options) {
  keys.add("epochs", options.epochs, "length of the run in epochs; may be a fraction")
      .unit("epochs")
      .above(0)
      .may_change_on_resume();
  keys.add("updates", options.updates, "length of the run in updates")
      .unit("updates")
      .at_least(1)
      .may_change_on_resume();
  keys.add("minutes", options.minutes,
           "time limit of one call of `train`: it then writes a checkpoint and stops; continue with `--resume`")
      .unit("minutes")
      .above(0)
      .changes_no_result();
  keys.section("validate", options.validate, "validation");
  keys.section("checkpoint", options.checkpoint, "checkpoints");
  keys.add("freeze", options.freeze, "parts of the model (`encoder`, `encoder.embedding`) or parameters to keep fixed");
  keys.add("report_every_updates", options.report_every_updates, "interval between lines of metrics.jsonl")
      .unit("updates")
      .at_least(1)
      .changes_no_result();
  keys.add("tensorboard", options.tensorboard, "also write the figures of metrics.jsonl to TensorBoard event files")
      .changes_no_result();
  keys.rule("epochs", [&options] { return wrong_length_of_run(options); });
}

}  // namespace

void declare(config::Keys& keys, TrainOptions& options, const OptimizerRegistry& optimizers,
             const ScheduleRegistry& schedules, const ClipRegistry& clips) {
  declare_loss(keys, options);
  keys.section("average", options.average,
               "moving average of the weights, used for validation and decoding; Polyak and Juditsky 1992");
  keys.select("optimizer", options.optimizer, optimizers, "optimizer");
  keys.select("schedule", options.schedule, schedules, "factor of the learning rate during training");
  keys.select("clip", options.clip, clips, "gradient clipping");
  keys.add("not_finite", options.not_finite, {{"skip", NotFinite::skip}, {"stop", NotFinite::stop}},
           "if a loss or gradient is not finite: skip the update and count it, or stop training");
  declare_length(keys, options);
}

}  // namespace seq2seq::train
