#pragma once

#include <filesystem>
#include <string>

#include "seq2seq/core/files.h"
#include "seq2seq/study/grid/plan.h"

namespace seq2seq::study {

/// Writes the study's table into `outputs()`: table.txt, table.md, table.csv, table.json, table.tex, commands.txt,
/// index.html, curves.svg. Returns the text of table.txt.
std::string write_table(const StudyPlan& plan, Files& files, const std::filesystem::path& current);

}  // namespace seq2seq::study
