#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/run/environment.h"
#include "seq2seq/study/record/epoch_tokens.h"
#include "seq2seq/study/record/record.h"

namespace seq2seq::study {

/// The folder of a run, and the identity that it should have.
struct TrainedRun {
  std::filesystem::path folder;
  Identity identity;
};

/// Measures trained runs.
class Measurer {
 public:
  /// `environment` must outlive it.
  explicit Measurer(const run::Environment& environment) : environment_(environment) {}
  /// Measures the best checkpoint of a run, or of several as an ensemble, and returns the record. `configuration` has
  /// the search and the test set; its training keys must be those of the runs, which may differ in their seeds.
  /// `identity`: of the record. Throws Error if a folder has a run of another identity, because it was changed by hand.
  /// `metrics`: metrics to measure besides those of every record.
  Record measure(const std::vector<TrainedRun>& runs, const run::Configuration& configuration, const Identity& identity,
                 const std::string& cell, const std::vector<std::string>& metrics);

 private:
  const run::Environment& environment_;
  EpochCounter counter_;
};

/// Throws Error if the folder has a run of another identity.
void check_is_run_of(const TrainedRun& run, const run::Environment& environment);

}  // namespace seq2seq::study
