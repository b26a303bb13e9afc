#pragma once

#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"
#include "seq2seq/run/train_run.h"
#include "seq2seq/run/training_data.h"

namespace seq2seq::run {

/// Reads the training text of a new run. With `--init-from`, the tokenizers and vocabularies are those of the other run
/// if a tokenizer was trained for it and the new run configures both sides in the same way: pieces that are learned
/// anew would be other words, so few embeddings would fit. Tokenizers that do not learn make new vocabularies, whose
/// words take over their embeddings. Prepared text keeps its own. The log says what was taken over, or why nothing was.
TrainingData read_text_of_new_run(const NewRun& request, const Configuration& configuration,
                                  const Environment& environment);

}  // namespace seq2seq::run
