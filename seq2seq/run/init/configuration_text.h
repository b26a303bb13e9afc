#pragma once

#include <string>

#include "seq2seq/run/init/recipe.h"
#include "seq2seq/run/init/text_facts.h"

namespace seq2seq::run {

/// Returns the name of a file beside a configuration: `train.source`, ..., `test.target`.
std::string part_file(const std::string& part, const std::string& side);

/// Returns a configuration as text, with comments at values that depend on the text or should be changed first.
std::string configuration_text(const Recipe& recipe, const TextFacts& facts, int64_t training_pairs);

}  // namespace seq2seq::run
