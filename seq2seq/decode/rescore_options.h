#pragma once

#include <filesystem>
#include <string>

#include "seq2seq/config/keys.h"

namespace seq2seq::decode {

/// Rule for choosing a hypothesis of a list.
enum class ListChoice {
  weighted_sum,  // the highest weighted sum of its features and the model's score
  total,         // the highest total of the system that made the list: the baseline
  oracle,        // the highest sentence BLEU: the best possible choice
};

/// Options for measuring outputs that are chosen from an n-best list of another system instead of searched for.
struct RescoreOptions {
  std::filesystem::path list;  // in the format of Moses, for the lines of the test set; empty: search for outputs
  ListChoice choose = ListChoice::weighted_sum;
  std::string feature_weights = "total=0.5,seq2seq=0.5";  // as in `seq2seq rescore --feature-weights`
  bool any() const { return !list.empty(); }
};
void declare(config::Keys& keys, RescoreOptions& options);

}  // namespace seq2seq::decode
