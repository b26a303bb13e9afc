#pragma once

#include <string>

#include "seq2seq/config/given.h"
#include "seq2seq/config/tree.h"

namespace seq2seq::config {

/// Return what Tree::answers says about a key, by its path or by its name alone, and about a value of a key, in any
/// case; empty if nothing. `all`: the keys of the whole configuration.
std::string answer_to_path(const Keys& all, const std::string& path);
std::string answer_to_key(const Keys& all, const std::string& path);
std::string answer_to_value(const Keys& all, const std::string& path, const std::string& value);

/// Returns a key of this name, or with this path, anywhere; with hyphens, too, as fairseq and Marian write names.
std::string find_elsewhere(const Keys& all, std::string name);

/// Returns `train.optimizer.kind: adam` for `train.optimizer: adam`; empty if the value is not a kind of the section.
std::string kind_meant(const Keys& section, const Given& value);

}  // namespace seq2seq::config
