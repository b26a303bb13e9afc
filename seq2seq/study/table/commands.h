#pragma once

#include <string>

#include "seq2seq/study/grid/plan.h"

namespace seq2seq::study {

/// Beside every cell of the table, the commands that make it again without the study: a line that trains and a line
/// that measures for every run, as typed in the folder `current`.
std::string commands_of(const StudyPlan& plan, const std::filesystem::path& current);

/// A word as a shell takes it.
std::string quoted_for_shell(const std::string& word);

}  // namespace seq2seq::study
