#pragma once

#include <string>

#include "seq2seq/study/grid/plan.h"
#include "seq2seq/study/table/grid.h"
#include "seq2seq/study/table/study_table.h"

namespace seq2seq::study {

/// Returns an HTML page that needs no other files: question, tables, curves, differing keys of the rows, outputs side
/// by side.
std::string make_page(const StudyPlan& plan, const StudyTable& table);

/// Returns the keys in which the lines of the table differ, one column for each line.
Grid key_differences(const StudyPlan& plan);

}  // namespace seq2seq::study
