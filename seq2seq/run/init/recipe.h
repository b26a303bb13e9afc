#pragma once

#include <cstdint>
#include <string>

#include "seq2seq/run/init/text_facts.h"

namespace seq2seq::run {

/// Tokenization of lines.
enum class Cut { words, characters, subwords };

/// The values of a configuration that depend on the text. The others are the same for every text.
struct Recipe {
  Cut source_cut = Cut::words, target_cut = Cut::words;
  int64_t source_subwords = 0, target_subwords = 0;  // if the side is split into subwords
  bool shared_vocabulary = false;
  int64_t max_length = 100;  // tokens per side in training
  int64_t length_ratio = 2;  // tokens of the longest output for each token of the source
  int64_t embedding = 64, cells = 256, layers = 2;
  double initial_range = 0.2, dropout = 0;
  int64_t batch = 32, updates = 10000, warmup = 500;
  double learning_rate = 0.004;
};

/// Returns values that train well on the text, chosen by its kind (small sets of words, short strings, sentences) and
/// amount. `training_pairs`: pairs left for training.
Recipe recipe_for(const TextFacts& facts, int64_t training_pairs);

}  // namespace seq2seq::run
