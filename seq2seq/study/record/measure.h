#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/run/environment.h"
#include "seq2seq/study/record/record.h"

namespace seq2seq::study {

/// The folder of a run, and what it should hold.
struct TrainedRun {
  std::filesystem::path folder;
  Identity identity;
};

/// Measures the best checkpoint of a run, or of several as an ensemble, and returns the record. `configuration` has the
/// search and the test set; its training half is that of the runs, which may differ in their seeds. `identity` is that
/// of the record. Throws Error if a folder has another run than its identity names, because it was changed by hand.
/// `metrics`: those to measure beside the ones of every record.
Record measure(const std::vector<TrainedRun>& runs, const run::Configuration& configuration, const Identity& identity,
               const std::string& cell, const std::vector<std::string>& metrics, const run::Environment& environment);

/// Throws Error if the folder has another run than its identity names.
void check_is_run_of(const TrainedRun& run, const run::Environment& environment);

}  // namespace seq2seq::study
