#pragma once

#include <vector>

#include "seq2seq/study/table/grid.h"
#include "seq2seq/study/table/study_table.h"

namespace seq2seq::study {

/// Returns, for people, one table per metric, then one with the cost of the runs.
std::vector<Grid> layout(const StudyTable& table);
/// Returns notes that explain the tables, one sentence each.
std::vector<std::string> notes(const StudyTable& table);
/// Returns, for programs, one row per line and metric, with unrounded figures.
Grid long_layout(const StudyTable& table);

}  // namespace seq2seq::study
