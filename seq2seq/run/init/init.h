#pragma once

#include <cstdint>
#include <filesystem>

#include "seq2seq/data/options.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/init/recipe.h"
#include "seq2seq/run/init/text_facts.h"

namespace seq2seq::run {

/// Pairs to train on and, if there are any, the user's own pairs for validation and test. Only `source`, `target` and
/// `pairs` of the files are used.
struct InitText {
  data::TrainFiles train, validation, test;
};

struct Initialized {
  TextFacts facts;  // of the files to train on
  Recipe recipe;
  int64_t training = 0, validation = 0, test = 0;  // pairs
  int64_t left_out = 0;                            // pairs with an empty side
  int64_t seen = 0;                                // sources of the user's own parts that are trained on, too
};

/// Makes a folder, completely or not at all, with the text in three parts and a `config.yaml` for it. A part without
/// files of its own is split off the training text; equal sources of this text are in the same part. Throws Error for
/// files of unequal length, text that is not UTF-8, too little text, and an existing folder.
Initialized init(const std::filesystem::path& folder, const InitText& text, const Environment& environment);

}  // namespace seq2seq::run
