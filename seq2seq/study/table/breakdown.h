#pragma once

#include <vector>

#include "seq2seq/study/table/grid.h"
#include "seq2seq/study/table/study_table.h"

namespace seq2seq::study {

/// Returns the figures by length of the source: one table per metric, one column per range of lengths; means over the
/// runs of a row. Empty unless the rows of the study share a test set with sentences in several ranges.
std::vector<Grid> by_source_length(const StudyTable& table);

}  // namespace seq2seq::study
