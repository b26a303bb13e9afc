#pragma once

#include <memory>
#include <optional>
#include <string>

#include "seq2seq/core/files.h"
#include "seq2seq/core/run_folder.h"
#include "seq2seq/data/corpus.h"
#include "seq2seq/study/description.h"
#include "seq2seq/study/evaluation_set.h"
#include "seq2seq/study/run.h"

namespace seq2seq::study {

/// The text a training reads.
struct TrainingData {
  std::unique_ptr<data::TextPipeline> text;
  data::Corpus train;
  std::optional<EvaluationSet> validation;  // absent when the configuration names none
};
TrainingData read_training_data(const data::DataOptions& options, std::unique_ptr<data::TextPipeline> text);

/// Vocabularies counted in the training text.
std::unique_ptr<data::TextPipeline> new_text(const data::DataOptions& options, const Registries& registries);
/// Vocabularies of a run. Throws FormatError when they are not those its weights were trained with.
std::unique_ptr<data::TextPipeline> text_of_run(const data::DataOptions& options, const Registries& registries,
                                                const RunFolder& folder, const RunDescription& description);
void write_vocabularies(Files& files, const RunFolder& folder, const data::TextPipeline& text);

/// Share of tokens that are no word of the vocabulary, 0 to 1.
double unknown_share(const data::TokenStore& sentences);

}  // namespace seq2seq::study
