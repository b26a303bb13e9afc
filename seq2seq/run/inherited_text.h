#pragma once

#include <memory>
#include <string>

#include "seq2seq/data/text_pipeline.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/run.h"
#include "seq2seq/run/train_run.h"

namespace seq2seq::run {

/// Tokenizers and vocabularies of the run from which a new one starts (`--init-from`). `reason` says why.
struct InheritedText {
  std::unique_ptr<data::TextPipeline> text;  // null: the new run makes its own
  std::string reason;                        // a line for the log; empty: nothing to say
};

/// Inherits them if a tokenizer was trained for that run and the new one configures both sides in the same way: pieces
/// that are learned anew would be other words, so few embeddings would fit. Tokenizers that do not learn make new
/// vocabularies, whose words take over their embeddings. Prepared text keeps its own.
InheritedText inherit_text(const NewRun& request, const Configuration& configuration, const Environment& environment);

}  // namespace seq2seq::run
