#pragma once

#include <string>

#include "seq2seq/study/record/record.h"

namespace seq2seq::study {

/// What a `metrics.jsonl` tells of a training. Lines of kinds that this program does not know are passed over. Throws
/// FormatError naming `file` for a line that is no JSON.
TrainingFacts training_facts(const std::string& metrics, const std::filesystem::path& file);

}  // namespace seq2seq::study
