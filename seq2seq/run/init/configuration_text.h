#pragma once

#include <string>

#include "seq2seq/run/init/recipe.h"
#include "seq2seq/run/init/text_facts.h"

namespace seq2seq::run {

/// The names of the files that a configuration stands beside: `train.source`, ..., `test.target`.
std::string part_file(const std::string& part, const std::string& side);

/// A configuration as text, with a comment where a value follows from the text or is the first one to change.
std::string configuration_text(const Recipe& recipe, const TextFacts& facts, int64_t training_pairs);

}  // namespace seq2seq::run
