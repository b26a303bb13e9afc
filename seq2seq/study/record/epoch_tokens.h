#pragma once

#include <map>
#include <string>

#include "seq2seq/run/environment.h"
#include "seq2seq/run/load.h"

namespace seq2seq::study {

/// The tokens of each side in an epoch of training, with one end symbol per sentence, counting the repeats of corpora.
struct EpochTokens {
  double source = 0, target = 0;
};

/// Counts the tokens of runs. Reads a text only once for all runs that make the same tokens of it.
class EpochCounter {
 public:
  EpochTokens count(const run::LoadedRun& run, const run::Environment& environment);

 private:
  std::map<std::string, EpochTokens> known_;  // by what they depend on
};

}  // namespace seq2seq::study
