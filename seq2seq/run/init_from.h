#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "seq2seq/core/log.h"
#include "seq2seq/nn/model/model.h"
#include "seq2seq/nn/weights.h"
#include "seq2seq/text/vocabulary.h"

namespace seq2seq::run {

struct Vocabularies {
  const text::Vocabulary* source = nullptr;
  const text::Vocabulary* target = nullptr;
};

/// Report on the parameters of a new model initialized from another.
struct TakenOver {
  struct ByWord {
    std::string parameter;
    int64_t taken = 0, words = 0;  // rows taken over, of all rows of the new model
  };
  std::vector<std::string> whole;    // same name and shape
  std::vector<ByWord> by_word;       // tables with a row per word: rows of the same words
  std::vector<std::string> initial;  // of the new model, without a match: keep their initial values
  std::vector<std::string> unused;   // of the other model
};

/// Sets the parameters of `model`, with the words of `mine`, from `other`, with the words of `theirs`: by name and
/// shape, and tables with a row per word by word.
TakenOver take_over(nn::Model& model, const Vocabularies& mine, const nn::NamedTensors& other,
                    const Vocabularies& theirs);

void report(const TakenOver& taken, Log& log);

}  // namespace seq2seq::run
