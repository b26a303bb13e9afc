#pragma once

#include <string>

#include "seq2seq/study/table/study_table.h"

namespace seq2seq::study {

/// Draws the validation perplexity of every run over its updates as SVG, in one colour per line of the table. Empty if
/// no run has validations.
std::string draw_curves(const StudyTable& table);

}  // namespace seq2seq::study
