#pragma once

#include <string>

#include "seq2seq/study/table/study_table.h"

namespace seq2seq::study {

/// Returns the table for programs that draw it, such as `scripts/plot`: every figure unrounded, and the files of the
/// records of each line.
std::string table_json(const StudyTable& table);

}  // namespace seq2seq::study
