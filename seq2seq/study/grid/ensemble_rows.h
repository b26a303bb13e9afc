#pragma once

#include <filesystem>
#include <optional>

#include "seq2seq/config/check.h"
#include "seq2seq/study/grid/section.h"
#include "seq2seq/study/grid/spec.h"

namespace seq2seq::study {

/// Reads `ensemble: {row: reversed, seeds: [1, 2, 3]}` of a row; no value if the row has no such key.
std::optional<StudyEnsemble> read_ensemble(SpecSection& row, const std::filesystem::path& folder,
                                           config::Faults& faults);

/// Reports ensembles of unknown rows, of other ensembles or of fewer than two seeds, and ensembles that set keys of
/// training.
void check_ensembles(const StudySpec& spec, config::Faults& faults);

}  // namespace seq2seq::study
