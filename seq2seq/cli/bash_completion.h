#pragma once

#include <string>
#include <vector>

#include "seq2seq/cli/arguments.h"
#include "seq2seq/config/keys.h"

namespace seq2seq::cli {

/// A script for bash that completes commands, options and what they take: files, folders, devices, and after `--set`
/// the keys of the configuration with those values that have names. Needs bash 4 and nothing else.
std::string bash_completion(const std::vector<CommandFacts>& commands, const config::Keys& keys);

}  // namespace seq2seq::cli
