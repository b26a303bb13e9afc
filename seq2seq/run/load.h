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
  std::vector<LoadedRun> others{};                            // that write together with this one
  std::shared_ptr<const decode::Predictor> language_model{};  // of `decode.language_model`; null: none
  std::unique_ptr<decode::Predictor> joint_predictor{};       // of an ensemble, with the language model; null: neither

  const decode::Predictor& predictor() const { return joint_predictor ? *joint_predictor : *model_predictor; }
  const RunOptions& options() const { return configuration->options; }
};

/// `path`: a run folder, or one of its checkpoints (`RUN/checkpoints/best`). `checkpoint`: best (the last where none
/// was validated), last, or the number of an update. Overrides may set keys of `decode` and `metrics` only.
/// `placement`: `run`, as it was trained, or a file that holds a section `placement`; empty: all on the environment's
/// device. Throws Error if this is not a run folder or has no such checkpoint, FormatError when something in it is
/// damaged.
LoadedRun load_run(const std::filesystem::path& path, const std::string& checkpoint,
                   const std::vector<config::Override>& overrides, const Environment& environment,
                   const std::string& placement = {});

/// A run and one of its checkpoints, as the user names them.
struct NamedCheckpoint {
  std::filesystem::path run;
  std::string checkpoint;
};
/// `RUN/checkpoints/best` names the checkpoint `best` of RUN; any other path is a run, and `checkpoint` does not
/// change.
NamedCheckpoint named_checkpoint(const std::filesystem::path& path, const std::string& checkpoint);
/// The language model that `decode.language_model` names, for a search over the target's words of `text`; null: none is
/// named. Throws Error when it is not a run of `task: lm`, or when its words are not those of `text`, with the first
/// difference.
std::shared_ptr<const decode::Predictor> load_language_model(const RunOptions& options, const data::TextPipeline& text,
                                                             const Environment& environment);

/// Throws UsageError for a language model. `what` says why it cannot be used: "cannot translate".
void check_translates(const LoadedRun& run, const std::string& what);

/// The update that `checkpoint` means, as above.
int64_t find_checkpoint(const Files& files, const RunFolder& folder, const std::string& checkpoint);

}  // namespace seq2seq::run
