#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "seq2seq/config/keys.h"
#include "seq2seq/data/bucket.h"
#include "seq2seq/nn/precision.h"
#include "seq2seq/train/clip.h"
#include "seq2seq/train/guided_alignment.h"
#include "seq2seq/train/optimizer.h"
#include "seq2seq/train/schedule/schedule.h"
#include "seq2seq/train/scheduled_sampling.h"
#include "seq2seq/train/weight_average.h"

namespace seq2seq::train {

/// Divisor of an update's sum of token losses.
enum class Objective { per_sentence, per_token };  // per_sentence: arXiv 1409.3215, section 3.4

/// Action when a loss or a gradient is not finite.
enum class NotFinite { skip, stop };  // skip: makes no update, but counts it

struct ValidateOptions {
  int64_t every_updates = 0;  // 0: once per epoch
  std::vector<std::string> metrics{"perplexity"};
  std::string best_by = "perplexity";
  int64_t patience = 0;  // validations without improvement after which training stops; 0: never stops
};
void declare(config::Keys& keys, ValidateOptions& options);

struct CheckpointOptions {
  double every_minutes = 30;
  int64_t every_updates = 0;  // 0: only by time
  int64_t keep = 2;           // of the last ones; the best is always kept, too
};
void declare(config::Keys& keys, CheckpointOptions& options);

struct TrainOptions {
  nn::Precision precision = nn::Precision::float32;
  Objective objective = Objective::per_sentence;
  data::BatchOptions batch;
  int64_t accumulate = 1;  // batches per update
  double label_smoothing = 0;
  double coverage_loss = 0;  // weight of coverage_losses()
  GuidedAlignmentOptions guided_alignment;
  double teacher_forcing = 1;  // share of the pairs that read their target instead of the model's own words
  ScheduledSamplingOptions scheduled_sampling;  // change of this share, and unit of its draws
  AverageOptions average;
  Selection optimizer{.kind = "sgd", .options = nullptr};
  Selection schedule{.kind = "constant", .options = nullptr};
  Selection clip{.kind = "norm", .options = nullptr};
  NotFinite not_finite = NotFinite::skip;
  std::optional<double> epochs;  // may be a fraction, such as 7.5; exactly one of the two is given
  std::optional<int64_t> updates;
  std::optional<double> minutes;  // time limit of this session; it ends with a checkpoint and can be resumed
  ValidateOptions validate;
  CheckpointOptions checkpoint;
  std::vector<std::string>
      freeze;  // parts of the model (`encoder`, `encoder.embedding`) or parameters that do not change
  int64_t report_every_updates = 50;  // interval of lines in metrics.jsonl
  bool tensorboard = false;           // also write event files
};
/// The registries must outlive `keys`.
void declare(config::Keys& keys, TrainOptions& options, const OptimizerRegistry& optimizers,
             const ScheduleRegistry& schedules, const ClipRegistry& clips);

}  // namespace seq2seq::train
