#pragma once

#include <string>

#include "seq2seq/study/table/study_table.h"

namespace seq2seq::study {

/// The table for programs that draw it, `scripts/plot` among them: every figure unrounded, and the files of the records
/// that each line is made of.
std::string table_json(const StudyTable& table);

}  // namespace seq2seq::study
