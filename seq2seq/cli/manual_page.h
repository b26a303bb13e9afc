#pragma once

#include <string>
#include <vector>

#include "seq2seq/cli/arguments.h"

namespace seq2seq::cli {

/// Returns the manual page of the program, section 1, in the macros of man(7). `version`: `0.1.0`.
std::string manual_page(const std::vector<CommandFacts>& commands, const std::string& version);

}  // namespace seq2seq::cli
