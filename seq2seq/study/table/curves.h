#pragma once

#include <string>

#include "seq2seq/study/table/study_table.h"

namespace seq2seq::study {

/// The validation perplexity of every run over its updates as a picture (SVG), a colour a line of the table and its
/// seeds alike. Empty when nothing was validated.
std::string draw_curves(const StudyTable& table);

}  // namespace seq2seq::study
