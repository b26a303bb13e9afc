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
    int64_t taken = 0, words = 0;  // rows taken over, of the new model's
  };
  std::vector<std::string> whole;    // name and shape agree
  std::vector<ByWord> by_word;       // tables with a row a word: those of the same word
  std::vector<std::string> initial;  // of the new model, with no match: left at their initial values
  std::vector<std::string> unused;   // of the other model
};

/// Sets the parameters of `model`, which belong to the words of `mine`, from `other`, which belong to those of
/// `theirs`: by name and shape, tables with a row a word by word.
TakenOver take_over(nn::Model& model, const Vocabularies& mine, const nn::NamedTensors& other,
                    const Vocabularies& theirs);

void report(const TakenOver& taken, Log& log);

}  // namespace seq2seq::run
