#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "seq2seq/core/device.h"
#include "seq2seq/core/files.h"
#include "seq2seq/core/log.h"
#include "seq2seq/core/progress.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/data/batch.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/train/gradient_source.h"
#include "seq2seq/train/options.h"
#include "seq2seq/train/team.h"
#include "seq2seq/train/validation.h"

namespace seq2seq::train {

/// The objects that a training needs, all owned by the caller.
struct Setup {
  uint64_t seed = 1;
  nn::Model* model = nullptr;
  const data::Corpus* corpus = nullptr;
  const data::TextPipeline* text = nullptr;
  const OptimizerRegistry* optimizers = nullptr;
  const ScheduleRegistry* schedules = nullptr;
  const ClipRegistry* clips = nullptr;
  GradientSource* gradients = nullptr;  // null: SerialGradients of the model
  Team* team = nullptr;                 // null: one process alone. With several, `gradients` must sum over them
  /// Returns the place of a pair, by its number, for messages. Empty function: not known.
  std::function<std::string(int64_t number)> place_of_pair;
  Validate validate;              // empty: no validation set
  bool higher_is_better = false;  // true if a higher `train.validate.best_by` is better
  Files* files = nullptr;
  Log* log = nullptr;
  ProgressOptions progress;
};

enum class Ending { finished, patience, time_limit, interrupted };

struct Outcome {
  Ending ending = Ending::finished;
  int64_t update = 0;
  double epoch = 0;
  double seconds = 0;  // of training, in all sessions
  std::optional<int64_t> best_update;
  std::optional<double> best_score;  // of validate.best_by
  int64_t skipped = 0;               // updates skipped in the whole run because something was not finite
};

/// Trains until the end set by the options, patience, time limit or interrupt, and writes checkpoints and metrics.jsonl
/// into the folder; the caller must hold its lock. In a team only the leading rank writes, and all end together. With
/// `resume_from` (the update of an existing checkpoint) it continues from there: on the CPU, with the same number of
/// threads and the same libraries, the parameters are then bit for bit those of an uninterrupted run.
Outcome train(const TrainOptions& options, const Setup& setup, const RunFolder& folder,
              std::optional<int64_t> resume_from = {});

}  // namespace seq2seq::train
