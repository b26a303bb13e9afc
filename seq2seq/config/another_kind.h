#pragma once

#include <string>
#include <vector>

#include "seq2seq/config/tree.h"

namespace seq2seq::config {

/// A choice in which only kinds other than the chosen one have a key or section.
struct AnotherKind {
  const Choice* choice = nullptr;
  std::string key;                 // path of the key that selects the kind, `model.architecture`
  std::vector<std::string> kinds;  // empty: no kind has it
};

/// Looks for the key or section `path` among the kinds that are not chosen.
AnotherKind find_another_kind(const Keys& keys, const std::string& path);

}  // namespace seq2seq::config
