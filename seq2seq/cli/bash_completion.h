#pragma once

#include <string>
#include <vector>

#include "seq2seq/cli/arguments.h"
#include "seq2seq/config/keys.h"

namespace seq2seq::cli {

/// Returns a bash script that completes commands, options and their values: files, folders, devices, and after `--set`
/// the keys of the configuration with their named values. Needs only bash 4.
std::string bash_completion(const std::vector<CommandFacts>& commands, const config::Keys& keys);

}  // namespace seq2seq::cli
