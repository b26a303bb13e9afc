#pragma once

#include <string>

#include "seq2seq/study/table/study_table.h"

namespace seq2seq::study {

/// Returns an output as HTML, with differences from the reference in elements `mark`: words, or characters if both
/// sides are one word. A marked blank shows that something is missing.
std::string marked_output(const std::string& output, const std::string& reference);

/// Returns the sentences that records keep, as HTML: source, reference, and what the first run of each row made of
/// them, differences marked. Empty without a record.
std::string outputs_side_by_side(const StudyTable& table);

}  // namespace seq2seq::study
