#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/config/given.h"
#include "seq2seq/config/keys.h"

namespace seq2seq::config {

/// What a key takes, for messages and the reference: `a whole number of at least 1`.
std::string expectation(const KeyFacts& facts);

/// A value checked for type and bounds. Where it is wrong, `problem` says so; else `texts` is what `facts.set` takes.
struct Checked {
  std::vector<std::string> texts{};
  std::string problem{};
};

/// `folder`, absolute, is what relative paths start from.
Checked check(const KeyFacts& facts, const Given& given, const std::filesystem::path& folder);

}  // namespace seq2seq::config
