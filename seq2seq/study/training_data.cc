#include "seq2seq/study/training_data.h"

#include <algorithm>

#include <fmt/format.h>

#include "seq2seq/core/error.h"

namespace seq2seq::study {

namespace {

text::Vocabulary vocabulary_of_run(const std::filesystem::path& file, const VocabularyMark& expected) {
  auto vocabulary = text::Vocabulary::load(file);
  if (vocabulary.size() != expected.size) {
    throw FormatError(
        Place{.file = file.string()},
        fmt::format("holds {} words with the special ones, but the weights of this run were trained with {}",
                    vocabulary.size(), expected.size),
        "Put the file back that the run was trained with");
  }
  if (mark_of(vocabulary) != expected) {
    throw FormatError(Place{.file = file.string()},
                      "is not the vocabulary this run was trained with (its SHA-256 differs)",
                      "Put the file back that the run was trained with");
  }
  return vocabulary;
}

}  // namespace

TrainingData read_training_data(const data::DataOptions& options, std::unique_ptr<data::TextPipeline> text) {
  TrainingData data{.text = std::move(text), .train = {}, .validation = {}};
  data.train = data::read_corpus(options.train, *data.text, /*leave_out_long=*/true);
  if (!options.validation.source.empty()) data.validation = read_evaluation_set(options.validation, *data.text);
  return data;
}

std::unique_ptr<data::TextPipeline> new_text(const data::DataOptions& options, const Registries& registries) {
  return std::make_unique<data::TextPipeline>(data::TextPipeline::from_training_text(options, registries.tokenizers));
}

std::unique_ptr<data::TextPipeline> text_of_run(const data::DataOptions& options, const Registries& registries,
                                                const RunFolder& folder, const RunDescription& description) {
  return std::make_unique<data::TextPipeline>(options, registries.tokenizers,
                                              vocabulary_of_run(folder.source_vocabulary(), description.source),
                                              vocabulary_of_run(folder.target_vocabulary(), description.target));
}

void write_vocabularies(Files& files, const RunFolder& folder, const data::TextPipeline& text) {
  write_atomically(files, folder.source_vocabulary(), text.source_vocabulary().serialize());
  write_atomically(files, folder.target_vocabulary(), text.target_vocabulary().serialize());
}

double unknown_share(const data::TokenStore& sentences) {
  int64_t unknown = 0, tokens = 0;
  for (int64_t sentence = 0; sentence < sentences.size(); ++sentence) {
    const auto ids = sentences[sentence];
    tokens += std::ssize(ids);
    unknown += std::count(ids.begin(), ids.end(), text::unknown_id);
  }
  return tokens == 0 ? 0 : static_cast<double>(unknown) / static_cast<double>(tokens);
}

}  // namespace seq2seq::study
