#pragma once

#include <string>

#include "seq2seq/study/record/record.h"

namespace seq2seq::study {

/// Reads the facts of a training from a `metrics.jsonl`. Skips lines of unknown kinds. Throws FormatError naming `file`
/// for a line that is not JSON.
TrainingFacts training_facts(const std::string& metrics, const std::filesystem::path& file);

}  // namespace seq2seq::study
