#pragma once

#include <vector>

#include "seq2seq/study/table/grid.h"
#include "seq2seq/study/table/study_table.h"

namespace seq2seq::study {

/// For people: a table for each metric, then one of what the runs cost.
std::vector<Grid> layout(const StudyTable& table);
/// What must be known to read them, a sentence each.
std::vector<std::string> notes(const StudyTable& table);
/// For programs: a line for each line and metric with every figure unrounded.
Grid long_layout(const StudyTable& table);

}  // namespace seq2seq::study
