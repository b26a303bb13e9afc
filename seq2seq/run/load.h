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

/// A run as it is used: everything from text to predictions. Several make an ensemble: see ensemble.h.
struct LoadedRun {
  RunFolder folder;
  std::unique_ptr<Configuration> configuration;
  RunDescription description;
  std::unique_ptr<data::TextPipeline> text;
  std::shared_ptr<nn::Model> model;
  std::unique_ptr<decode::Predictor> model_predictor;
  int64_t update = 0;                             // of the checkpoint
  std::vector<LoadedRun> others{};                // that write together with this one
  std::unique_ptr<decode::Predictor> ensemble{};  // of all of them; null: this run is alone

  const decode::Predictor& predictor() const { return ensemble ? *ensemble : *model_predictor; }
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
/// `RUN/checkpoints/best` names the checkpoint `best` of RUN; any other path is a run, and `checkpoint` stays as it is.
NamedCheckpoint named_checkpoint(const std::filesystem::path& path, const std::string& checkpoint);

/// The update that `checkpoint` means, as above.
int64_t find_checkpoint(const Files& files, const RunFolder& folder, const std::string& checkpoint);

}  // namespace seq2seq::run
