#pragma once

#include <cstdint>
#include <filesystem>

#include "seq2seq/run/environment.h"
#include "seq2seq/run/init/recipe.h"
#include "seq2seq/run/init/text_facts.h"

namespace seq2seq::run {

/// Two parallel files of sources and targets.
struct InitText {
  std::filesystem::path source, target;
};

struct Initialized {
  TextFacts facts;
  Recipe recipe;
  int64_t training = 0, validation = 0, test = 0;  // pairs
  int64_t left_out = 0;                            // pairs with an empty side
};

/// Makes a folder, completely or not at all, with the text split into training, validation and test, and a
/// `config.yaml` for it. Equal sources are in the same part. Throws Error for files of unequal length, text that is not
/// UTF-8, too little text, and an existing folder.
Initialized init(const std::filesystem::path& folder, const InitText& text, const Environment& environment);

}  // namespace seq2seq::run
