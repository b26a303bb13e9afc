#pragma once

#include <string>

#include "seq2seq/run/environment.h"
#include "seq2seq/study/record/record.h"

namespace seq2seq::study {

/// Makes the record of a run that is trained: `folder` holds it, `configuration` says how it is decoded and what it is
/// tested on (its training half is that of the run). The best checkpoint is measured. Throws Error when the folder does
/// not hold the run that `identity` names: it was changed by hand.
Record measure(const std::filesystem::path& folder, const run::Configuration& configuration, const Identity& identity,
               const std::string& cell, const run::Environment& environment);

/// Throws Error unless the folder holds the run that `identity` names.
void check_is_run_of(const std::filesystem::path& folder, const Identity& identity,
                     const run::Environment& environment);

}  // namespace seq2seq::study
