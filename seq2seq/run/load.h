#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "seq2seq/config/reader.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/decode/predictor.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/run/description.h"
#include "seq2seq/run/environment.h"

namespace seq2seq::run {

/// A loaded run: everything from text to predictions. Several runs can form an ensemble: see ensemble.h.
struct LoadedRun {
  RunFolder folder;
  std::unique_ptr<Configuration> configuration;
  RunDescription description;
  std::unique_ptr<data::TextPipeline> text;
  std::shared_ptr<nn::Model> model;
  std::unique_ptr<decode::Predictor> model_predictor;
  int64_t update = 0;                                         // of the checkpoint
  std::vector<LoadedRun> others{};                            // members of the ensemble besides this one
  std::shared_ptr<const decode::Predictor> language_model{};  // of `decode.language_model`; null: none
  std::unique_ptr<decode::Predictor> joint_predictor{};       // of an ensemble or with a language model; null: neither

  const decode::Predictor& predictor() const { return joint_predictor ? *joint_predictor : *model_predictor; }
  const RunOptions& options() const { return configuration->options; }
};

/// `path`: a run folder, or one of its checkpoints (`RUN/checkpoints/best`). `checkpoint`: best (last if none was
/// validated), last, or the number of an update. Overrides may set only keys of `decode` and `metrics`. `placement`:
/// `run`, as in training, or a file with a section `placement`; empty: all on the environment's device. Throws Error if
/// this is not a run folder or has no such checkpoint, and FormatError if its contents are damaged.
LoadedRun load_run(const std::filesystem::path& path, const std::string& checkpoint,
                   const std::vector<config::Override>& overrides, const Environment& environment,
                   const std::string& placement = {});

/// A run and one of its checkpoints, as named by the user.
struct NamedCheckpoint {
  std::filesystem::path run;
  std::string checkpoint;
};
/// Resolves a path: `RUN/checkpoints/best` names the checkpoint `best` of RUN; any other path is a run, and
/// `checkpoint` does not change.
NamedCheckpoint named_checkpoint(const std::filesystem::path& path, const std::string& checkpoint);
/// Returns the task of a run, named as above; translation if it cannot be read, which loading the run reports.
data::Task task_of_run(const std::filesystem::path& path);
/// Returns the language model `decode.language_model`, for a search over the target's words of `text`; null if none is
/// configured. Throws Error if it is not a run of `task: lm`, or if its words differ from those of `text`, with the
/// first difference.
std::shared_ptr<const decode::Predictor> load_language_model(const RunOptions& options, const data::TextPipeline& text,
                                                             const Environment& environment);

/// Throws UsageError for a language model. `what`: the reason, such as "cannot translate".
void check_translates(const LoadedRun& run, const std::string& what);

/// Returns the update of `checkpoint`, which is as above.
int64_t find_checkpoint(const Files& files, const RunFolder& folder, const std::string& checkpoint);

}  // namespace seq2seq::run
