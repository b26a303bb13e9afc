#pragma once

#include <string>
#include <vector>

#include "seq2seq/run/environment.h"
#include "seq2seq/study/record/record.h"

namespace seq2seq::study {

/// Measures the best checkpoint of the trained run in `folder` and returns its record. `configuration` has the search
/// and the test set (its training half is that of the run). Throws Error if the folder has another run than `identity`
/// names, because it was changed by hand. `metrics`: those to measure beside the ones of every record.
Record measure(const std::filesystem::path& folder, const run::Configuration& configuration, const Identity& identity,
               const std::string& cell, const std::vector<std::string>& metrics, const run::Environment& environment);

/// Throws Error if the folder has another run than `identity` names.
void check_is_run_of(const std::filesystem::path& folder, const Identity& identity,
                     const run::Environment& environment);

}  // namespace seq2seq::study
