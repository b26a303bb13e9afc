#pragma once

#include <memory>
#include <optional>
#include <string>

#include "seq2seq/core/files.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/run/description.h"
#include "seq2seq/run/environment.h"
#include "seq2seq/run/evaluation_set.h"
#include "seq2seq/run/run.h"

namespace seq2seq::run {

/// Training text.
struct TrainingData {
  std::unique_ptr<data::TextPipeline> text;
  data::Corpus train;
  double source_unknown = 0, target_unknown = 0;  // share of the training tokens that are not in the vocabulary, 0 to 1
  std::optional<EvaluationSet> validation;        // no value if the configuration has none
  std::string train_digest;                       // of the training text
};
/// Reads the text of a configuration; prepares it first if configured. On a resume the vocabularies are those of `run`,
/// otherwise those of the training text. Throws FormatError if the vocabularies of a run do not belong to its weights.
TrainingData read_training_data(const Configuration& configuration, const Environment& environment,
                                std::unique_ptr<data::TextPipeline> of_run = nullptr);

/// Loads the vocabularies of a run. Throws FormatError if they do not belong to its weights.
std::unique_ptr<data::TextPipeline> text_of_run(const data::DataOptions& options, const Registries& registries,
                                                const RunFolder& folder, const RunDescription& description);
void write_vocabularies(Files& files, const RunFolder& folder, const data::TextPipeline& text);

/// Returns the share of tokens that are not in the vocabulary of their side, 0 to 1.
double unknown_share(const data::TokenStore& sentences, const data::TextPipeline& text, text::Side side);

}  // namespace seq2seq::run
