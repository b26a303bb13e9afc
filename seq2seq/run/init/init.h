#pragma once

#include <cstdint>
#include <filesystem>

#include "seq2seq/run/environment.h"
#include "seq2seq/run/init/recipe.h"
#include "seq2seq/run/init/text_facts.h"

namespace seq2seq::run {

/// Two files, line by line the sources and their targets.
struct InitText {
  std::filesystem::path source, target;
};

struct Initialized {
  TextFacts facts;
  Recipe recipe;
  int64_t training = 0, validation = 0, test = 0;  // pairs
  int64_t left_out = 0;                            // pairs with an empty side
};

/// Makes a folder, whole or not at all: the text split into training, validation and test, and `config.yaml`, which
/// learns on it. Equal sources are in the same part. Throws Error for files of unequal length, text that is not UTF-8,
/// too little text, and a folder that is there already.
Initialized init(const std::filesystem::path& folder, const InitText& text, const Environment& environment);

}  // namespace seq2seq::run
