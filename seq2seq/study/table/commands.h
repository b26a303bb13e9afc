#pragma once

#include <filesystem>
#include <string>

#include "seq2seq/study/grid/plan.h"

namespace seq2seq::study {

/// Returns, for every cell of the table, the commands that reproduce it without the study: for each run a line that
/// trains and a line that measures, as typed in the folder `current`.
std::string commands_of(const StudyPlan& plan, const std::filesystem::path& current);

/// Returns a text with the paths that lie in `folder` written relative to it: a path, or a list `[a, b]` of paths.
std::string paths_seen_from(const std::filesystem::path& folder, std::string text);

}  // namespace seq2seq::study
