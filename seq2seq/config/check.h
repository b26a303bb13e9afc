#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "seq2seq/config/given.h"
#include "seq2seq/config/keys.h"

namespace seq2seq::config {

/// Describes the valid values of a key, for messages and the reference: `a whole number of at least 1`.
std::string expectation(const KeyFacts& facts);

/// A value checked for type and bounds: `problem` is an error message, or `texts` is the argument of `facts.set`.
/// `nearest`: for a value that is not one of the known ones, the known one that is spelled most alike, or empty.
struct Checked {
  std::vector<std::string> texts{};
  std::string problem{};
  std::string nearest{};
};

/// Base folder of relative paths.
struct BaseFolder {
  std::filesystem::path path;      // absolute; the start of relative paths
  std::filesystem::path former{};  // its absolute path before it was moved; empty: it was not moved
};

/// An absolute path that does not exist is looked up relative to a moved folder.
Checked check(const KeyFacts& facts, const Given& given, const BaseFolder& base);

}  // namespace seq2seq::config
