#pragma once

#include <string>

#include "seq2seq/study/table/study_table.h"

namespace seq2seq::study {

/// Returns an output as HTML, with differences from the reference in elements `mark`: words, or characters if both
/// sides are one word. A marked blank stands for missing text.
std::string marked_output(const std::string& output, const std::string& reference);

/// Returns the example sentences of the records as HTML: source, reference, and the output of the first run of each
/// row, with differences marked. Empty without records.
std::string outputs_side_by_side(const StudyTable& table);

}  // namespace seq2seq::study
